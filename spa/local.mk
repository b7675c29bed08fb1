# The shop's pages. They need npm and its registry, so `make all` leaves them alone; `make spa` makes them.
EXTRA_DIST += spa/build.sh spa/pages.zpl spa/later.mjs spa/package.json spa/package-lock.json spa/next.config.ts \
	spa/postcss.config.mjs spa/tsconfig.json spa/vitest.config.ts spa/app spa/api spa/desk spa/fonts spa/ops spa/pictures spa/public \
	spa/shop spa/test spa/ui test/browser

spa: all
	$(srcdir)/spa/build.sh .
.PHONY: spa
