"""Who buys in the sample shop: names, and places to send things to, of many countries."""
import collections

Country = collections.namedtuple("Country", "code weight given family cities streets postcode phone")

COUNTRIES = [
    Country("DE", 18, ["Anna", "Jonas", "Lena", "Felix", "Mia", "Paul", "Clara", "Emil", "Greta", "Moritz", "Ayşe",
    "Jürgen"],
            ["Müller", "Schmidt", "Weber", "Koch", "Yılmaz", "Brandt", "Vogel", "Lindner", "Krüger", "Sommer", "Haas"],
            ["Berlin", "Hamburg", "Köln", "Leipzig", "München", "Bonn", "Freiburg"], ["Lindenstraße", "Am Markt",
             "Goethestraße", "Kastanienallee"], "#####", "+49 30"),
    Country("FR", 12, ["Camille", "Louis", "Chloé", "Hugo", "Inès", "Karim", "Manon", "Théo", "Amina", "Lucie"],
            ["Martin", "Bernard", "Dubois", "Moreau", "Benali", "Lefèvre", "Girard", "Faure", "Haddad"],
            ["Paris", "Lyon", "Marseille", "Nantes", "Lille", "Bordeaux"], ["rue de la Paix", "rue des Lilas",
             "avenue Jean Jaurès"], "#####", "+33 1"),
    Country("GB", 11, ["Olivia", "Harry", "Amelia", "Arjun", "Grace", "Thomas", "Zara", "Callum", "Imogen", "Kwame"],
            ["Smith", "Patel", "Hughes", "Khan", "Wright", "Okafor", "Evans", "Murray", "Bennett"],
            ["London", "Leeds", "Bristol", "Glasgow", "Cardiff", "York"], ["High Street", "Station Road",
             "Church Lane", "Mill Hill"], "@@# #@@", "+44 20"),
    Country("MA", 7, ["Youssef", "Fatima", "Omar", "Salma", "Mehdi", "Khadija", "Ilyas", "Nour"],
            ["El Amrani", "Bennani", "Tazi", "Alaoui", "Berrada", "Chraibi", "Idrissi"],
            ["Casablanca", "Rabat", "Marrakesh", "Fès", "Tanger"], ["rue de Fès", "boulevard Anfa",
             "derb Sidi Bouloukat"], "#####", "+212 5"),
    Country("US", 9, ["Emma", "Noah", "Sofia", "James", "Maya", "Ethan", "Priya", "Mateo", "Harper", "Malik"],
            ["Johnson", "Garcia", "Brown", "Nguyen", "Davis", "Washington", "Cohen", "Kowalski"],
            ["Portland", "Brooklyn", "Austin", "Chicago", "Oakland"], ["Maple Avenue", "2nd Street",
             "Lakeview Drive"], "#####", "+1 503"),
    Country("TR", 6, ["Elif", "Mehmet", "Zeynep", "Emre", "Defne", "Can", "Selin", "Burak"],
            ["Yıldız", "Demir", "Kaya", "Şahin", "Aydın", "Öztürk", "Arslan"], ["İstanbul", "İzmir", "Ankara", "Bursa"],
            ["İstiklal Caddesi", "Bağdat Caddesi", "Gül Sokak"], "#####", "+90 212"),
    Country("ES", 6, ["Lucía", "Mateo", "Carmen", "Javier", "Paula", "Diego", "Nerea"], ["García", "Fernández",
    "Ruiz", "Moreno", "Navarro", "Ortega"],
            ["Madrid", "Sevilla", "Valencia", "Granada"], ["calle Mayor", "calle de la Luna", "paseo del Prado"],
             "#####", "+34 91"),
    Country("IT", 6, ["Giulia", "Lorenzo", "Chiara", "Matteo", "Sara", "Davide", "Elena"], ["Rossi", "Bianchi",
    "Greco", "Conti", "Marino", "De Luca"],
            ["Roma", "Bologna", "Palermo", "Torino"], ["via Garibaldi", "via dei Mille", "corso Italia"], "#####",
             "+39 06"),
    Country("NL", 5, ["Sanne", "Daan", "Fleur", "Bram", "Noor", "Thijs"], ["de Vries", "Jansen", "Bakker", "Visser",
    "van Dijk"],
            ["Amsterdam", "Utrecht", "Groningen"], ["Prinsengracht", "Dorpsstraat", "Lange Nieuwstraat"], "#### @@",
             "+31 20"),
    Country("EG", 3, ["Mariam", "Ahmed", "Nadia", "Karim", "Laila", "Tarek"], ["Hassan", "Mansour", "Fahmy", "Saleh",
    "Naguib"], ["Cairo", "Alexandria"],
            ["Talaat Harb Street", "Corniche"], "#####", "+20 2"),
    Country("IN", 4, ["Ananya", "Rohan", "Kavya", "Vikram", "Meera", "Aditya"], ["Sharma", "Iyer", "Reddy", "Mehta",
    "Das", "Kapoor"],
            ["Mumbai", "Bengaluru", "Jaipur", "Kochi"], ["MG Road", "Park Street", "Nehru Marg"], "######", "+91 22"),
    Country("JP", 3, ["Yui", "Haruto", "Aoi", "Ren", "Hana", "Sota"], ["Sato", "Suzuki", "Tanaka", "Kobayashi",
    "Mori"], ["Tokyo", "Kyoto", "Osaka"],
            ["Sakura-dori", "Teramachi"], "###-####", "+81 3"),
    Country("PL", 3, ["Zofia", "Jakub", "Maja", "Antoni", "Hanna"], ["Nowak", "Kowalska", "Wiśniewski", "Wójcik",
    "Zielińska"], ["Warszawa", "Kraków", "Gdańsk"],
            ["ulica Długa", "ulica Polna"], "##-###", "+48 22"),
    Country("SE", 3, ["Alva", "Lucas", "Ebba", "Oskar", "Freja"], ["Andersson", "Lindqvist", "Bergström", "Åkesson"],
    ["Stockholm", "Göteborg", "Malmö"],
            ["Storgatan", "Kungsgatan"], "### ##", "+46 8"),
    Country("BR", 2, ["Beatriz", "Rafael", "Larissa", "Thiago"], ["Silva", "Souza", "Oliveira", "Costa"],
    ["São Paulo", "Recife", "Porto Alegre"],
            ["Rua das Flores", "Avenida Paulista"], "#####-###", "+55 11"),
    Country("IE", 2, ["Aoife", "Conor", "Niamh", "Oisín"], ["Murphy", "Byrne", "O'Sullivan", "Doyle"], ["Dublin",
    "Cork", "Galway"], ["Quay Street", "Main Street"], "@## @@##", "+353 1"),
]

ASCII = str.maketrans("üöäßçşğıİéèïóíáâãéëêúñåÜÖÄÇŞĞÅłńśźżćęąŁŚŻÓ", "uoascsgiieeioiaaaeeeunaUOACSGAlnszzceaLSZO")


class Person:
    """Somebody with an address, a card, and a taste for some kinds of goods more than for others."""

    def __init__(self, chance, number, kinds, new_id):
        country = chance.weighted(COUNTRIES, [one.weight for one in COUNTRIES])
        given, family = chance.one_of(country.given), chance.one_of(country.family)
        self.person_id = new_id()
        self.name = f"{given} {family}" if chance.number() < 0.6 else f"{given} {family[0]}."
        plain = f"{given}.{family}".translate(ASCII).lower().replace(" ", "").replace("'", "")
        host = chance.one_of(("example.org", "example.com", "example.net"))
        self.email = f"{''.join(c for c in plain if c.isascii())}{number}@{host}"
        self.address = {"name": f"{given} {family}",
                        "street": f"{chance.one_of(country.streets)} {1 + chance.below(140)}", "city": chance.one_of(country.cities), "postcode": "".join(
                            str(chance.below(10)) if c == "#" else chr(65 + chance.below(26)) if c == "@" else c
                            for c in country.postcode), "country": country.code,
                        "phone": f"{country.phone} {1000000 + chance.below(8999999)}" if chance.number() < 0.7 else ""}
        self.language = {"DE": "de", "FR": "fr", "ES": "es", "IT": "it"}.get(country.code, "en")
        self.address_id = new_id()
        self.card = new_id()
        self.zest = 1 / (1 + 6 * chance.number())                   # how often they come
        self.taste = {kind: 0.15 + chance.number() ** 3 * 3 for kind in kinds}
        self.mood = 0.45 * chance.bell()                            # how kind their stars are
        self.since_ms = 0
        self.reviewed = set()
