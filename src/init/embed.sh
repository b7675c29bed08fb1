#!/bin/sh
# usage: embed.sh DIR
#
# Write the files of DIR that `souk init` makes as C, to the standard output.
set -e
cd "$1"
echo '/* Made by src/init/embed.sh from the files beside it: change those, not this. */'
echo '#include "souk_cli_init.h"'
echo
echo '#include <stddef.h>'
echo
echo 'const struct souk_cli_template souk_cli_templates[] = {'
for file in topology.zpl book.messages.zpl guestbook.c Makefile gitignore; do
    case $file in
    gitignore) name=.gitignore ;;
    *) name=$file ;;
    esac
    printf '    { "%s",\n' "$name"
    sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/	/\\t/g' -e 's/.*/      "&\\n"/' "$file"
    echo '    },'
done
echo '    { NULL, NULL },'
echo '};'
