"""What the sample shop sells: thirteen kinds of goods, six looks of each, and words enough for some hundred products.

A look is what the picture of that number shows, `tiles-1` to `tiles-6`, so words and picture agree."""
import collections

Kind = collections.namedtuple("Kind", "title text looks makers prices variants made used kept")
Look = collections.namedtuple("Look", "noun alt words")
Variant = collections.namedtuple("Variant", "name code times")      # times: what it costs, of the base price

KINDS = {
    "tiles": Kind(
        "Tiles", "Cut, glazed and fired by hand: for a wall behind the stove, a table top, a whole hammam.",
        [Look("star tile, cobalt and ochre", "A panel of cream tiles with cobalt stars and ochre points",
              "Eight-pointed stars in cobalt on cream, with a point of ochre wherever four of them meet"),
         Look("fish-scale tile, green", "A panel of green scale tiles on a clay wall",
              "Scales that overlap like those of a carp, in three greens that never repeat exactly"),
         Look("diamond tile, brick and saffron", "Red and saffron diamonds on cream tiles",
              "Diamonds in brick red and saffron, set on edge so that a row of them seems to run"),
         Look("cross tile, amber and bottle green", "Amber crosses between bottle-green squares",
              "Crosses in amber glaze that lock into bottle-green stars"),
         Look("petal tile, ink blue and coral", "Ink-blue petals with coral hearts",
              "Four petals in ink blue around a heart of coral; four tiles make a flower"),
         Look("checkered tile, black and bone", "Black and bone-white checks",
              "The oldest pattern of all, black and bone, with edges that are a little soft")],
        ["Fez", "Tetouan", "Iznik", "Puebla", "Kashan", "Salé", "Granada", "Tunis", "Lisbon"], (240, 690),
        [Variant("one tile, 10 × 10 cm", "1", 1), Variant("box of 12", "12", 11), Variant("box of 48", "48", 40)],
        ["Pressed from red clay, dried on roofs and fired twice with olive stones.",
         "Each one is cut with a hammer of two pounds, face down, by somebody who has done it for thirty years.",
         "The glaze is dipped, not printed; hold one against the light and you see where it ran."],
        ["Fine for kitchens and bathrooms; lay them tight, the joints want to be thin.",
         "Looks best by the square metre, and good as a single one under a teapot.",
         "People have made table tops, window sills and one fish pond of them."],
        ["Seal them before grouting.", "A wet cloth is all they need.", "Frost is the only thing they fear."]),
    "rugs": Kind(
        "Rugs", "Knotted and woven wool, by the families whose names are on the back.",
        [Look("lattice rug, cream and charcoal", "A cream rug with a charcoal lattice and small red knots",
              "A charcoal lattice on undyed wool, with one red knot where nobody expects it"),
         Look("banded kilim, madder and indigo", "A kilim with bands of madder red, indigo and gold",
              "Bands of madder, indigo and gold, none as wide as the one before"),
         Look("medallion rug, red and midnight", "A red rug with a midnight-blue medallion",
              "A midnight medallion floating in a red field, with a border that took as long as the rest"),
         Look("patchwork boucherouite", "Bright patches of orange, yellow, blue and plum",
              "Patches of orange, saffron, lake blue and plum, knotted from what was left of other rugs"),
         Look("lattice rug, petrol and sand", "A petrol-blue rug with a sand lattice",
              "Sand-coloured lines over petrol blue, drawn by eye and not by ruler"),
         Look("banded kilim, sand and moss", "A sand kilim with bands of rust and moss",
              "Quiet bands of sand, rust and moss, for rooms that have enough going on")],
        ["Azilal", "Taznakht", "Konya", "Kashgai", "Beni Ourain", "Shiraz", "Anatolia", "Ourika"], (8900, 18900),
        [Variant("60 × 90 cm", "S", 1), Variant("120 × 180 cm", "M", 3.2), Variant("200 × 300 cm", "L", 7.8)],
        ["Knotted on an upright loom, between harvests; a large one takes a winter.",
         "The wool is washed in the river, spun by hand and dyed with madder, weld and indigo.",
         "No pattern is drawn first. She hums, and counts."],
        ["It lies flat from the first day and gets softer for thirty years.",
         "Good under a table, better under bare feet.", "Small ones hang well on a wall."],
        ["Beat it outdoors twice a year and turn it at new year.", "Wool forgives red wine if you are quick.",
         "Expect some fluff in the first month; that is the wool, not a fault."]),
    "lanterns": Kind(
        "Lanterns", "Pierced metal that throws more shadow than light.",
        [Look("star lantern", "A brass lantern with star-shaped holes, glowing",
         "A few hundred stars, punched one by one"),
         Look("tall lantern", "A tall bronze lantern with diamond holes",
         "Tall and slim, with diamonds that lean with the curve"),
         Look("hanging lantern, pewter", "A pewter lantern with petals",
         "Petals in cool pewter, for a light like the moon's"),
         Look("cross lantern", "A brass lantern with cross-shaped holes",
         "Small crosses, dense at the waist and wide at the top"),
         Look("scale lantern, copper", "A copper lantern with scales", "Copper scales that warm the light to apricot"),
         Look("courtyard lantern", "A tall pale brass lantern with stars",
         "Made for courtyards: it stands, it hangs, and wind does not bother it")],
        ["Marrakesh", "Cairo", "Damascus", "Khan el-Khalili", "Essaouira", "Aleppo", "Jaipur"], (2900, 6900),
        [Variant("small, 24 cm", "S", 1), Variant("large, 42 cm", "L", 2.1)],
        ["Sawn and punched from sheet brass over a sandbag.", "Soldered by a man who hums louder than his torch.",
         "The pattern is laid out with a compass and a length of string, as ever."],
        ["Takes a candle as it is, or a lamp up to 25 W; a cable goes through the foot.",
         "Put it on the floor, not on the table: the ceiling is where it happens.",
         "Three of different heights are worth more than three times one."],
        ["Dust it with a brush.", "It darkens with years; lemon and salt bring it back, if you must.",
         "Keep it dry if you want it to stay bright."]),
    "ceramics": Kind(
        "Ceramics", "Vases, bowls, jugs and the tagine that Sunday is about.",
        [Look("round vase, blue stars", "A round cream vase with blue stars",
         "A round belly, a narrow neck, and stars in cobalt that were painted with a donkey-hair brush"),
         Look("tagine, amber", "An amber tagine with cream diamonds",
         "A tagine with a heavy foot and a lid that sends every drop back where it came from"),
         Look("bowl, green petals", "A cream bowl with green petals",
         "A wide bowl with petals in green and a drop of ochre at the bottom"),
         Look("jug, red waves", "A red jug with cream waves",
         "A jug with waves, a handle that fits, and a lip that does not drip"),
         Look("tall bottle, teal", "A tall teal bottle with scales",
         "A bottle for one branch, in a teal that goes black in the dusk"),
         Look("wide jar, red and blue", "A wide cream jar with red and blue crosses",
         "A jar for lemons in salt, or for umbrellas")],
        ["Safi", "Nabeul", "Kütahya", "Tamegroute", "Fez", "Avanos", "Lamu"], (1800, 4900),
        [Variant("", "1", 1), Variant("a pair", "2", 1.85)],
        ["Thrown on a kick wheel and left to dry for a week.",
         "Painted freehand after the first fire; no two have the same number of strokes.",
         "Fired in a kiln that burns what the carpenters leave."],
        ["Good for every day.", "It holds water, heat, and attention.", "A present for people who have everything."],
        ["Wash it by hand.", "The glaze is free of lead; we have it tested each spring.",
         "A hairline in the glaze is how it breathes, not a crack."]),
    "spices": Kind(
        "Spices", "Bought whole, ground the week they are sent.",
        [Look("turmeric, chilli and cumin", "Bowls of turmeric, chilli and cumin",
         "The three that stand next to every stove"),
         Look("paprika, sweet and smoked", "Bowls of paprika, saffron yellow and dark chilli",
         "Sweet, smoked and hot, in that order"),
         Look("harissa mix", "Bowls of red harissa, dried herbs and turmeric",
         "Chilli, caraway, coriander and a little mint"),
         Look("ras el hanout", "Bowls of saffron, paprika and brown spice",
         "Head of the shop: twenty-seven spices, and the list stays with the grinder"),
         Look("curry of the coast", "Bowls of orange and yellow curry and chilli",
         "Turmeric, fenugreek and dried lime, as sailors liked it"),
         Look("za'atar and sumac", "Bowls of sumac, turmeric and green za'atar",
         "Wild thyme, sesame and sumac that makes you blink")],
        ["Rahba Kedima", "Zanzibar", "Urfa", "Mısır Çarşısı", "Harar", "Basra", "Kochi"], (390, 890),
        [Variant("tin of 50 g", "50", 1), Variant("tin of 200 g", "200", 3.2), Variant("bag of 1 kg", "1000", 12.5)],
        ["Sorted by hand on flat baskets, roasted in small pans.", "Stone-ground on Tuesdays and Thursdays.",
         "From one valley and one harvest; the year is on the lid."],
        ["A teaspoon for four.", "Warm it in oil before anything else goes in.",
         "Strong enough that you will use less than you think."],
        ["Keep it dark and shut.", "Best within a year.", "If it smells of nothing it is old: write to us."]),
    "glasses": Kind(
        "Tea glasses", "For mint tea, poured from as high as you dare.",
        [Look("tea glasses, mint green", "Green tea glasses with gold stars",
         "Mint-green glass with golden stars around the rim"),
         Look("tea glasses, rose", "Rose tea glasses with gold petals",
         "Rose, with petals in gold that guests always touch"),
         Look("tea glasses, cobalt", "Cobalt tea glasses with gold diamonds",
         "Cobalt with diamonds of gold: tea looks like copper in it"),
         Look("tea glasses, violet", "Violet tea glasses with gold crosses", "Violet, for late evenings"),
         Look("tea glasses, amber", "Amber tea glasses with golden scales",
         "Amber with scales; the plainest of them, and most often bought again"),
         Look("tea glasses, clear", "Clear tea glasses with gold stars",
         "Clear glass, thin, with a line of gold stars")],
        ["Beldi", "Casablanca", "Meknes", "Beykoz", "Tangier", "Herat", "Sidi Bou"], (1400, 2600),
        [Variant("two", "2", 1), Variant("six", "6", 2.7), Variant("twelve, in a crate", "12", 5)],
        ["Pressed, cut and painted with real gold, which is fired in.", "Blown from bottles that had another life.",
         "A little thicker at the foot, so that they stand on a tray that is carried up stairs."],
        ["They take boiling tea, and ice.", "Fill them two thirds; the rest is for fingers.",
         "Also for candles, and for olives."],
        ["By hand, please: the dishwasher eats gold.", "They stack.", "One more always fits on the shelf."]),
    "textiles": Kind(
        "Textiles", "Blankets, throws and towels from looms that one can hear two streets away.",
        [Look("striped throw, cream and indigo", "Folded cream cloth with indigo and yellow stripes",
         "Cream with indigo stripes and one thread of saffron"),
         Look("blanket, terracotta", "Folded terracotta blankets with cream bands",
         "Terracotta with cream bands and black tassels"),
         Look("throw, saffron", "Folded saffron cloth with cream and red stripes",
         "Saffron, the colour that makes grey sofas bearable"),
         Look("hammam towel, sea green", "Folded sea-green towels with rust stripes",
         "Flat-woven in sea green: dries you, and then itself, in no time"),
         Look("bedspread, bone and plum", "A folded bone-white spread with plum stripes",
         "Bone white with plum and ink at the edges, wide enough for a double bed"),
         Look("throw, denim blue", "Folded blue cloth with cream and ochre stripes",
         "Blue like old denim, with ochre where the folds lie")],
        ["Chefchaouen", "Denizli", "Oaxaca", "Ghardaïa", "Buldan", "Bhuj", "Mahdia"], (2400, 5900),
        [Variant("90 × 170 cm", "S", 1), Variant("140 × 220 cm", "M", 1.9), Variant("220 × 260 cm", "L", 3.1)],
        ["Woven by men on pit looms, fringed by women who tell them when a stripe is off.",
         "Cotton from the delta, dyed in the yarn.",
         "The tassels are tied by hand, eleven to a side."],
        ["For beds, beaches, balconies and babies.", "Throws a whole room together.", "Light enough to travel in."],
        ["Wash it at 30°, dry it in the wind.", "It shrinks by a thumb in the first wash, and then no more.",
         "Do not bleach it. It knows what colour it is."]),
    "soap": Kind(
        "Soap", "Olive oil, laurel, ash and nine months of patience.",
        [Look("laurel soap", "Stacked green bars of laurel soap",
         "Olive oil and a fifth of laurel, cut on the floor and stamped with a mallet"),
         Look("rose soap", "Stacked pink bars of rose soap",
         "Rose water from Kelaa, and nothing that pretends to be it"),
         Look("black soap", "Stacked dark bars of soap",
         "Olives and ash, for the hammam; looks like tar and smells like a garden"),
         Look("honey and milk soap", "Stacked cream bars of soap", "Goat's milk and thyme honey"),
         Look("nettle soap", "Stacked green bars of nettle soap", "Nettle and rosemary, the gardener's one"),
         Look("clay soap", "Stacked red clay bars", "Ghassoul clay and orange peel; it scrubs a little")],
        ["Aleppo", "Nablus", "Kelaa", "Ayvalık", "Essaouira", "Tripoli", "Antakya"], (490, 890),
        [Variant("one bar, 190 g", "1", 1), Variant("three bars", "3", 2.8), Variant("six bars", "6", 5.3)],
        ["Boiled for three days, poured on a floor, cut with a rake that four people pull.",
         "It dries in towers for nine months, and turns from green to gold.",
         "Stamped with the name of the family, upside down on every hundredth bar, for luck."],
        ["For skin, hair, and the wool of your rug.", "One bar lasts a person two months.",
         "In a drawer it keeps moths away."],
        ["Let it dry between uses.", "It has no perfume, so it does not smell of much; that is the idea.",
         "Good for people who get a rash from everything."]),
    "baskets": Kind(
        "Baskets", "Palm, reed and grass, with a stripe for those who look twice.",
        [Look("basket, red bands", "An open straw basket with red bands",
         "An open basket with red bands and two handles that take weight"),
         Look("belly basket, blue", "A round-bellied basket with a blue band", "A belly, a neck and a band of blue"),
         Look("lidded basket, rust", "A lidded basket with rust and black zigzags",
         "With a lid that fits, and zigzags in rust and black"),
         Look("belly basket, brown", "A round-bellied basket with brown and cream bands",
         "Coiled so tight that it holds rice"),
         Look("basket, plum and gold", "An open basket with plum and gold bands",
         "Plum and gold, for shopping that wants to be seen"),
         Look("lidded basket, green", "A lidded basket with green bands",
         "A green one with a hat, for bread or for secrets")],
        ["Bolga", "Siwa", "Harar", "Darfur", "Ouarzazate", "Kano", "Tozeur"], (1500, 3400),
        [Variant("small", "S", 1), Variant("medium", "M", 1.5), Variant("large", "L", 2.2)],
        ["Coiled from palm fibre over grass, a week for a large one.", "Sewn with an awl made of a bicycle spoke.",
         "The dye is henna, indigo, and for black the mud of the river."],
        ["For laundry, logs, toys, bread.", "It carries twelve kilos; somebody has tried.",
         "Wonderful with a plant in it, less so with a cat, who will not leave."],
        ["Spray it with water once a year and press it into shape.", "Not for the rain.",
         "It smells of hay for a while."]),
    "brass": Kind(
        "Brass and copper", "Hammered in a street that you find with your ears.",
        [Look("teapot, brass", "A brass teapot with stars",
         "A pot with a long spout, for the long stream that makes the foam"),
         Look("tray, brass", "A round brass tray with petals", "A round tray, engraved from the middle out"),
         Look("mortar, brass", "A brass mortar with diamonds",
         "A mortar that rings like a bell when the pepper is done"),
         Look("candlestick, brass", "A brass candlestick with scales",
         "A candlestick with a foot that will not be knocked over"),
         Look("teapot, copper", "A copper teapot with crosses", "Copper outside, tin inside, crosses around the belly"),
         Look("candlestick, star-cut", "A pale brass candlestick with stars",
         "Slim, with stars on the foot, for tall candles")],
        ["Seffarine", "Gaziantep", "Isfahan", "Moradabad", "Khan el-Khalili", "Sana'a", "Mardin"], (2600, 7900),
        [Variant("", "1", 1), Variant("large", "L", 1.6)],
        ["Raised from one sheet with some four thousand blows.", "Engraved without a drawing.",
         "Tinned over charcoal, with a rag and a good deal of smoke."],
        ["It gets better with use.", "Heavy, as it should be.", "Polish it or leave it: both are right."],
        ["Lemon and ashes, then warm water.", "Never put it into a dishwasher.",
         "The dark comes by itself, and suits it."]),
    "poufs": Kind(
        "Poufs", "Goat leather, stitched with silk: the seat for the person who came last.",
        [Look("pouf, oxblood", "An oxblood leather pouf with cream stitching", "Oxblood with cream silk"),
         Look("pouf, tan", "A tan leather pouf", "Tan, which turns to cognac where people sit"),
         Look("pouf, petrol", "A petrol-green leather pouf with gold stitching",
         "Petrol green with gold: the brave one"),
         Look("pouf, brick", "A brick-red leather pouf", "Brick red, like the walls of the town it comes from"),
         Look("pouf, sand", "A sand-coloured pouf with brown stitching",
         "Sand with brown seams, the one that goes with all"),
         Look("pouf, ivory", "An ivory leather pouf with tan stitching", "Ivory, for houses without children")],
        ["Chouara", "Fez", "Marrakesh", "Tafraout", "Meknes", "Tlemcen", "Rabat"], (6900, 11900),
        [Variant("cover only", "C", 1), Variant("filled", "F", 1.35)],
        ["Tanned with mimosa bark, dyed in pits, sewn from eight pieces.",
         "Embroidered on the lap, by candle if the power is out.",
         "The zip is at the bottom; what you fill it with is your affair."],
        ["Seat, footrest, side table.", "Takes a person of any size.",
         "Old clothes are the best filling; it stores your winter for you."],
        ["It smells of leather for some weeks. Air it.", "Wipe it with a damp cloth.",
         "A little olive soap keeps it supple."]),
    "wood": Kind(
        "Wood", "Thuya, walnut and olive, turned and inlaid.",
        [Look("inlaid chest", "A dark wooden chest with pale inlay",
         "A chest with lemonwood inlay and a lock that works"),
         Look("bowl, walnut", "A turned walnut bowl", "Turned so thin that it rings"),
         Look("mill, dark oak", "A tall dark wooden mill", "A mill for pepper or coffee, with a steel heart"),
         Look("bowl, olive", "A pale olive-wood bowl", "Olive wood, with a grain like a map of rivers"),
         Look("inlaid box, thuya", "A red-brown wooden box with pale inlay",
         "Burr thuya that smells of cedar whenever you open it"),
         Look("mill, ebonised", "A nearly black wooden mill", "Nearly black, with one ring of bone")],
        ["Essaouira", "Damascus", "Kashmir", "Tetouan", "Srinagar", "Granada", "Cairo"], (2200, 6400),
        [Variant("", "1", 1), Variant("large", "L", 1.7)],
        ["Cut from roots that would have been firewood.",
         "Turned with one foot on the bow and a chisel between the toes.",
         "Oiled four times, with a day between."],
        ["For rings, letters, salad, depending.", "No two grains are alike; yours will differ from the picture.",
         "It lasts longer than we do."],
        ["Oil it when it looks thirsty.", "Keep it away from radiators.", "Not for the dishwasher, not even once."]),
    "oils": Kind(
        "Oils and syrups", "Argan, olive, black seed: pressed cold, sent fresh.",
        [Look("argan oil, roasted", "Amber bottles with cream labels",
         "Roasted argan, for couscous and salads; tastes of hazelnut and smoke"),
         Look("olive oil, early harvest", "Dark green bottles with red marks",
         "Green olives of October; it bites, as it should"),
         Look("date syrup", "Dark bottles with blue marks", "Dates, water, fire"),
         Look("argan oil for skin", "Amber bottles with plum marks", "Unroasted argan, for skin and hair"),
         Look("black seed oil", "Dark bottles with ochre marks",
         "Cures everything but death, says the label; we say it is good with yoghurt"),
         Look("orange-blossom water", "Blue bottles with red marks",
         "Distilled in copper in the three weeks when the trees flower")],
        ["Souss", "Taroudant", "Agadir", "Nabeul", "Tiznit", "Meknes", "Sfax"], (990, 2400),
        [Variant("100 ml", "100", 1), Variant("250 ml", "250", 2.2), Variant("500 ml", "500", 3.9)],
        ["Pressed by a cooperative of sixty women who set the price themselves.",
         "Cold-pressed within a day of the harvest.",
         "Filtered through cotton, bottled by hand; there may be a veil at the bottom."],
        ["A spoon at the end, never in the pan.", "Try it on vanilla ice.",
         "Keeps a year, which nobody has been able to verify."],
        ["Dark and cool.", "Shake it.", "Travels well: we pack it as if it were asleep."]),
}


class Product:
    """One of them, as the catalog takes it; `quality` (1 to 5) is what reviewers will find."""

    def __init__(self, chance, place, kind, number, maker, new_id):
        of = KINDS[kind]
        look = of.looks[number]
        self.kind = kind
        self.product_id = new_id
        self.title = f"{maker} {look.noun}"
        self.slug = slug(self.title)
        self.look = look
        base = round_price(chance.between(*of.prices) * (1 + 0.12 * (chance.number() - 0.5)))
        self.summary = f"{look.words}."
        self.text = "\n\n".join([
            f"{look.words}. {chance.one_of(of.made)}",
            f"{chance.one_of(of.used)} {chance.one_of(of.kept)}",
            chance.one_of([f"Ours come from {maker}, or from people who learned it there.",
                           f"The name is that of {maker}, where this is made as it always was.",
                           f"We met the maker in {maker}, drank eleven glasses of tea, and came back with these."])])
        self.articles = [{"sku": f"{kind[:2]}{place:03}-{variant.code}", "name": variant.name,
                          "price": round_price(base * variant.times)} for variant in of.variants]
        self.traits = [{"name": "Origin", "value": maker}]
        if ", " in look.noun:
            self.traits.append({"name": "Colour", "value": look.noun.split(", ", maxsplit=1)[1]})
        self.picture = f"{kind}-{number + 1}"
        self.others = [f"{kind}-{(number + step) % 6 + 1}" for step in (2, 4)][:chance.below(3)]
        self.quality = min(4.9, max(2.2, 4.3 + 0.55 * chance.bell()))
        self.fame = 1 / (1 + place * 0.12) + 0.25 * chance.number()
        self.since_ms = 0
        self.is_sold = True

    def write(self, factor=1.0):
        """The fields of catalog.write, with prices that are `factor` of the usual."""
        of = KINDS[self.kind]
        alts = [f"{of.title}: {of.looks[int(name.rsplit('-', 1)[1]) - 1].alt.lower()}" for name in self.others]
        return {"product_id": self.product_id, "slug": self.slug, "title": self.title, "summary": self.summary,
                "text": self.text, "category": self.kind, "traits": self.traits,
                "articles": [{"sku": article["sku"], "name": article["name"],
                              "price": money(round_price(article["price"] * factor))} for article in self.articles],
                "pictures": [{"name": name, "alt": alt} for name, alt in
                             zip([self.picture, *self.others], [self.look.alt, *alts])]}


def round_price(minor):
    """As shopkeepers like them: 4.90, 12.50, 189.00."""
    minor = int(minor)
    if minor < 1000:
        return max(90, minor // 10 * 10)
    return minor // 50 * 50 if minor < 5000 else minor // 500 * 500


def money(minor):
    return {"minor": minor, "currency": "EUR"}


def slug(title):
    plain = {"é": "e", "ï": "i", "ü": "u", "ı": "i", "ş": "s", "ç": "c", "Ç": "c", "à": "a", "'": ""}
    letters = "".join(plain.get(letter, letter) for letter in title).lower()
    words = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in letters).split()
    return "-".join(words)[:60].rstrip("-")


def make_products(chance, count, new_id):
    """So many, the kinds in turn, so that a small shop has some of each; a look comes back with another maker."""
    products = []
    for place in range(count):
        kind = list(KINDS)[place % len(KINDS)]
        row = place // len(KINDS)
        makers = KINDS[kind].makers
        maker = makers[(row // 6 + row % 6 * 2 + len(kind)) % len(makers)]
        products.append(Product(chance, place, kind, row % 6, maker, new_id()))
    slugs = [product.slug for product in products]
    assert len(set(slugs)) == len(slugs), [one for one in slugs if slugs.count(one) > 1][:5]
    return products
