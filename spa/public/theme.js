//  Before anything is drawn: the theme that somebody has chosen, or else the system's, also when that changes.
{
    const system = matchMedia("(prefers-color-scheme: dark)");
    const show = () => {
        let chosen = null;
        try {
            chosen = localStorage.getItem("souk.theme");
        } catch {
            //  Storage is forbidden: the system's theme it is.
        }
        document.documentElement.dataset.theme =
            chosen === "light" || chosen === "dark" ? chosen : system.matches ? "dark" : "light";
    };
    show();
    system.addEventListener("change", show);
}
