//  A script for services/shop/year of a shop with thousands of products and a thousand reviews of one of them. The same
//  each time, but for when it was.

const DAY_MS = 24 * 3600 * 1000;
const kinds = ["tiles", "rugs", "lanterns", "ceramics", "spices", "glasses", "textiles", "soap", "baskets", "brass", "poufs", "wood", "oils"];
const looks = ["Star", "Moon", "Palm", "River", "Garden", "Desert", "Harbour", "Mountain", "Market", "Courtyard"];
const places = ["Fez", "Tetouan", "Essaouira", "Safi", "Meknes", "Chefchaouen", "Ouarzazate", "Taroudant", "Salé", "Agadir"];
const colours = ["red", "green", "blue", "white", "black", "yellow", "brown", "grey"];
const makers = Array.from({ length: 40 }, (_, i) => `workshop ${i + 1}`);
const words = "the glaze is alive and it sits on a window sill where neighbours ask for it because of how light falls".split(" ");
const ROLES = "customer staff admin";

const idOf = (kind, n) => `01900000-${String(kind).padStart(4, "0")}-7000-8000-${n.toString(16).padStart(12, "0")}`;
const pick = (list, n) => list[n % list.length];
export const MUCH_SAID = "much-said"; // the slug of the product of which everybody speaks

export function* many(products, reviews, end = Date.now()) {
    let at = end - DAY_MS;
    const line = (person, roles, command, data) => `${at++}\t${person}\t${roles}\t${command}\t${JSON.stringify(data)}\n`;
    const admin = idOf(1, 0);
    const person = (person_id, email, name) => ({ person_id, email, name, password: "open sesame" });
    yield line("-", "-", "accounts.register", person(admin, "admin@souk.example", "Samira"));
    yield line("-", "-", "accounts.appoint_first", { email: "admin@souk.example" });
    for (const [place, category] of kinds.entries())
        yield line(admin, ROLES, "catalog.put_category", { category, title: category[0].toUpperCase() + category.slice(1), text: "", place });
    for (let n = 0; n < products; n++) {
        const category = pick(kinds, n);
        const slug = n === 0 ? MUCH_SAID : `${category}-of-${n}`;
        const title = `${pick(looks, Math.floor(n / 7))} ${category} of ${pick(places, Math.floor(n / 3))}, no. ${n}`;
        const price = { minor: 900 + ((n * 397) % 24000), currency: "EUR" };
        const product_id = idOf(2, n);
        const traits = [
            { name: "colour", value: pick(colours, Math.floor(n / 13)) },
            { name: "maker", value: pick(makers, Math.floor(n / 5)) },
        ];
        const pictures = [{ name: `${category}-${(n % 6) + 1}`, alt: title }];
        const articles = [{ sku: slug, name: "", price }];
        const text = "Made as it was before shops had windows.";
        yield line(admin, ROLES, "catalog.write", { product_id, slug, title, category, articles, traits, pictures, summary: text, text });
        yield line(admin, ROLES, "catalog.publish", { product_id });
        yield line(admin, ROLES, "inventory.receive", { sku: slug, units: 50, note: "" });
    }
    for (let n = 0; n < reviews; n++) {
        const author = idOf(3, n);
        yield line("-", "-", "accounts.register", person(author, `reader${n}@souk.example`, `Reader ${n}`));
        const text = Array.from({ length: 20 + (n % 40) }, (_, i) => pick(words, n * 7 + i * i)).join(" ");
        const review = { review_id: idOf(4, n), product_id: idOf(2, 0), stars: 1 + ((n * 3) % 5), title: `What I think, ${n}`, text: `${text} ${n}` };
        yield line(author, "customer", "reviews.write", review);
    }
    at = Math.max(at, end);
    yield `${at}\t-\t-\t-\t-\n`;
}
