//  Before anything is drawn: the theme that somebody has chosen, or else the system's.
try {
    const theme = localStorage.getItem("souk.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
    //  Storage is forbidden: the system's theme it is.
}
