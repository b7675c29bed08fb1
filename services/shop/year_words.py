"""What people say of goods: put together from what was meant, so that stars, words and the goods agree."""

OPENINGS = {
    5: ["Exactly what I had hoped for.", "I do not write reviews, but this.", "Second one, and not the last.",
        "Arrived yesterday, loved since.",
        "My mother asked where I got it. I will not tell her.", "Better than the picture.",
        "We have wanted one for years.", "Wow.",
        "Bought as a present and kept it.", "So beautiful that I made room for it."],
    4: ["Very nice, with one small thing.", "Happy with it.", "Lovely work.", "Good, nearly perfect.",
        "A little different from the picture, and fine.",
        "Well made and well packed.", "Took me a week to decide that I like it. I do."],
    3: ["It is all right.", "I had expected a bit more.", "Nice, but.", "For the price I am undecided.",
        "Not bad, not special.", "Half of me likes it."],
    2: ["Hm.", "Not what I thought it would be.", "I wanted to love it.", "It looks better than it is.",
        "Disappointed."],
    1: ["No.", "It came broken.", "I am sending it back.", "Once and not again.", "This is not what I ordered."],
}

OF_KIND = {
    "tiles": {"good": ["The glaze is alive; it changes with the light of the day.",
                       "Twelve tiles behind the stove and the kitchen is another room.",
                       "The edges are not quite straight, which is how one knows that a person made them.",
                       "Our tiler laughed first and then took pictures."],
              "bad": ["Four of the twelve were chipped.", "The blue is greener than in the picture.",
                      "They differ in thickness by two millimetres, and the tiler sent me the bill for it."]},
    "rugs": {"good": ["It smells of sheep for a day and then of nothing.", "The dog has moved in on it.",
                      "The colours are quieter than in the picture, and better.",
                      "You can feel with your toes that somebody took their time."],
             "bad": ["It loses more wool than a sheep.", "Six centimetres shorter than it says.",
                     "One corner will not lie flat."]},
    "lanterns": {"good": ["Switch it on and the ceiling is a sky.", "The children want no other night light now.",
                          "Heavy, clean edges, no sharp bits.",
                          "We bought three of different sizes and it looks like a film."],
                 "bad": ["The little door does not close.", "A solder joint was open.",
                         "Much smaller than I thought; look at the centimetres."]},
    "ceramics": {"good": ["It does not drip, which cannot be said of its predecessor.", "Heavy in the right place.",
                          "The painting is free and sure.",
                          "Sunday lunch has become a ceremony."],
                 "bad": ["There is a hairline in the glaze.", "It arrived in three parts.",
                         "The foot is rough and scratched our table."]},
    "spices": {"good": ["The whole flat smells of it, in the best way.",
                        "I threw away the jars from the supermarket.", "Use half of what you think.",
                        "My chickpeas have never been so popular."],
               "bad": ["Stale. I know what it should smell like.",
                       "The tin was not shut properly and my parcel was yellow.", "More salt than spice."]},
    "glasses": {"good": ["Tea looks like jewellery in them.", "They survive my kitchen, that says a lot.",
                         "Guests hold them up to the window.",
                         "The gold is still there after fifty washes by hand."],
                "bad": ["One of six came broken.", "The gold went in the dishwasher. It says so, I know.",
                        "Two are a little crooked."]},
    "textiles": {"good": ["It has been on the sofa, the beach and the baby.",
                          "Soft at once and softer after the wash.", "The stripes are exactly as in the picture.",
                          "Dries in an hour on the balcony."],
                 "bad": ["It bled into a white shirt.", "Shrank more than a thumb.",
                         "The fringe came undone on one side."]},
    "soap": {"good": ["My skin has stopped complaining.", "One bar lasts for ever.",
                      "It smells of nothing, and that is wonderful.",
                      "Cut it in half and it is green inside, as it should be."],
             "bad": ["It dissolved within two weeks.", "Smells of a garage.", "It left my skin dry."]},
    "baskets": {"good": ["Holds all our logs.", "The market woman wanted to buy it off me.",
                         "Tight, strong, and it stands by itself.", "The cat lives there now."],
                "bad": ["It came squashed and stays squashed.", "One handle is longer than the other.",
                        "It sheds bits of straw on everything."]},
    "brass": {"good": ["It pours like in the videos.",
                       "The engraving goes all the way round, also where nobody looks.", "Heavy and honest.",
                       "I polish it on Sundays and think of nothing."],
              "bad": ["The lid does not sit.", "It has a dent that nobody mentioned.", "The tin inside is thin."]},
    "poufs": {"good": ["Filled with two winter coats and perfect.", "The leather gets better every week.",
                       "The seams are like drawn with a pen.",
                       "Everybody wants to sit there, although there are chairs."],
              "bad": ["The smell. Three weeks on the balcony so far.", "The zip broke while filling it.",
                      "The colour came off on light trousers."]},
    "wood": {"good": ["The grain is unbelievable.", "It smells of cedar each time I open it.",
                      "Turned so thin that one is afraid, and it holds.", "The lock works. I have lost nothing since."],
             "bad": ["It has cracked, next to a radiator, admittedly.", "Splinters inside.",
                     "The inlay has come loose at one corner."]},
    "oils": {"good": ["I use it by the drop and still it is half gone.", "Tastes like a place.",
                      "Packed like a relic, arrived like one.", "On vanilla ice. Do it."],
             "bad": ["The bottle had leaked.", "Tastes of paper.", "Best before next month. Not what I call fresh."]},
}

CLOSINGS = {
    "good": ["Thank you!", "Will buy again.", "Recommended.", "Quick delivery, too.",
             "Five days to the north of nowhere, perfect.", "", "", "", "Greetings to the maker.", "Buy two."],
    "bad": ["The shop answered at once, that has to be said.", "I got my money back without a discussion.",
            "Perhaps I was unlucky.", "", "", "Photos on request.", "I will try another one."],
}

TITLES = {
    5: ["Wonderful", "Love at first sight", "Perfect", "Simply beautiful", "Again, please", "A joy every day",
        "Worth the wait", "My favourite thing"],
    4: ["Very good", "Nice work", "Almost perfect", "Pretty and practical", "Glad I bought it"],
    3: ["All right", "So-so", "Could be better", "Undecided"],
    2: ["Not convinced", "A pity", "Below what I hoped for"],
    1: ["Broken", "Never again", "Sent back"],
}

ASIDES = ["It stands in the hall now.", "A present for my sister, who is hard to please.",
          "Our second order this year.",
          "I looked for this for months.", "It travelled with us when we moved.", "The neighbours have asked twice.",
          "My husband says it was too expensive, and uses it every day.", "For a house in the country.",
          "We use it daily.",
          "It was for a wedding.", "I had seen it at a friend's.", "The parcel smelled of cedar.",
          "There was a note from the maker in it.",
          "I bought it for the office.", "My daughter has claimed it.", "Half a year later nothing has changed.",
          "Photographs do not do it justice.",
          "I am not easily impressed.", "The colour fits as if made for us.", "Bigger than I thought, in a good way."]

OTHERS = {
    "de": {5: ("Wunderschön", "Genau so hatte ich es mir vorgestellt, und noch ein bisschen schöner. Danke!"),
           4: ("Sehr gut", "Gut verarbeitet, schnell da. Ein Stern weniger, weil die Farbe etwas anders ist."),
           3: ("Geht so", "Ganz nett, aber für den Preis hätte ich mehr erwartet."), 2: ("Schade",
           "Sieht auf dem Bild besser aus."), 1: ("Kaputt angekommen",
           "Leider zerbrochen. Das Geld kam sofort zurück.")},
    "fr": {5: ("Magnifique", "Un vrai coup de cœur, le travail est d'une finesse rare."), 4: ("Très joli",
           "Bel objet, bien emballé. Un peu plus petit que prévu."),
           3: ("Correct", "Joli sans plus."), 2: ("Déçue", "La finition laisse à désirer."), 1: ("Cassé",
           "Arrivé en morceaux. Remboursé, heureusement.")},
    "es": {5: ("Precioso", "Más bonito que en la foto. ¡Repetiré!"), 4: ("Muy bien",
           "Buena calidad, llegó en cuatro días."), 3: ("Normal", "No está mal."), 2: ("Regular",
           "Esperaba otra cosa."), 1: ("Roto", "Llegó roto.")},
    "it": {5: ("Bellissimo", "Fatto con amore, si vede."), 4: ("Molto bello", "Ottimo lavoro, imballato con cura."),
           3: ("Così così", "Carino, niente di più."), 2: ("Peccato", "In foto sembrava meglio."), 1: ("Rotto",
           "Arrivato rotto.")},
}

#   What somebody writes who wants something else than to review; `word` is one that moderation looks for.
UNWANTED = [("Cheap cheap", "Get the same for half at w w w dot bargain dot example! Discount inside!", "discount"),
            ("Read this", "You all are idiots if you pay for this.", "idiots"),
            ("Work from home", "I earn 4000 a week from my kitchen, ask me how. Casino bonus too.", "casino")]
#   (word, whether it is refused at once; else somebody looks)
WORDS = [("casino", True), ("idiots", False), ("discount", False)]


def stars_for(chance, quality, mood):
    return max(1, min(5, round(quality + mood + 0.75 * chance.bell())))


MORE = {
    "de": ["Steht jetzt im Flur.", "War ein Geschenk.", "Gern wieder.", "Schnelle Lieferung, gut verpackt.",
    "Meine Schwester will auch eins.", "Schon das zweite."],
    "fr": ["Offert à ma mère.", "Livraison rapide.", "Il trône dans le salon.", "Je recommande.",
    "Déjà mon deuxième achat.", "Emballé avec soin."],
    "es": ["Era para un regalo.", "Muy bien embalado.", "Queda perfecto en el salón.", "Ya es el segundo que compro.",
    "Envío rápido."],
    "it": ["Era un regalo.", "Spedizione veloce.", "Sta benissimo in cucina.", "È già il secondo.", "Consigliato."],
}


def say(chance, product, stars, language):
    """Title and text of a review."""
    if language in OTHERS and chance.number() < 0.35:
        title, text = OTHERS[language][stars]
        return title, f"{text} {chance.one_of(MORE[language])}"
    of = OF_KIND[product.kind]
    tone = "good" if stars >= 4 else "bad"
    words = [chance.one_of(OPENINGS[stars])]
    if chance.number() < 0.85:
        words.append(chance.one_of(of[tone]))
    if stars in (3, 4) and chance.number() < 0.5:
        words.append(chance.one_of(of["bad" if stars == 4 else "good"]))
    if chance.number() < 0.45:
        words.append(chance.one_of(ASIDES))
    words.append(chance.one_of(CLOSINGS[tone]))
    title = chance.one_of(TITLES[stars]) if chance.number() < 0.9 else ""
    return title, " ".join(word for word in words if word)
