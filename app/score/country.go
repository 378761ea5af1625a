package score

// countryNames are the countries by the names they have in English, Spanish and Portuguese, folded, where these are not their
// ISO 3166-1 codes: those of America and a few that buy from there.
var countryNames = map[string]string{
	"colombia": "co", "mexico": "mx", "estados unidos mexicanos": "mx", "peru": "pe", "chile": "cl", "ecuador": "ec", "equador": "ec",
	"argentina": "ar", "brazil": "br", "brasil": "br", "venezuela": "ve", "uruguay": "uy", "uruguai": "uy", "paraguay": "py", "paraguai": "py",
	"bolivia": "bo", "costa rica": "cr", "panama": "pa", "guatemala": "gt", "honduras": "hn", "el salvador": "sv", "nicaragua": "ni",
	"dominican republic": "do", "republica dominicana": "do", "puerto rico": "pr", "porto rico": "pr", "cuba": "cu", "haiti": "ht",
	"jamaica": "jm", "belize": "bz", "belice": "bz", "guyana": "gy", "suriname": "sr", "surinam": "sr", "trinidad tobago": "tt",
	"united states": "us", "united states of america": "us", "estados unidos": "us", "eeuu": "us", "usa": "us", "canada": "ca",
	"spain": "es", "espana": "es", "espanha": "es", "portugal": "pt", "france": "fr", "francia": "fr", "franca": "fr",
	"germany": "de", "alemania": "de", "alemanha": "de", "italy": "it", "italia": "it", "united kingdom": "gb", "reino unido": "gb", "uk": "gb",
	"col": "co", "mex": "mx", "per": "pe", "chl": "cl", "ecu": "ec", "arg": "ar", "bra": "br", "esp": "es",
}

// countryOf is the key of a country: its ISO 3166-1 code of two letters, or the folded name of one that is not known by its name.
// Empty: not said.
func countryOf(text string) string {
	folded := fold(text)
	if code, ok := countryNames[folded]; ok {
		return code
	}
	if blank(folded) || !isPlaceName(folded) {
		return ""
	}
	return folded
}

// isCountryCode tells a code from a name.
func isCountryCode(key string) bool {
	return len(key) == 2 && 'a' <= key[0] && key[0] <= 'z' && 'a' <= key[1] && key[1] <= 'z'
}

// usualOffset is the offset of most of a country's people's clocks, in minutes: for orders whose time says nothing of the store's
// clock. Seven countries are enough here; the others' nights are not known then.
var usualOffset = map[string]int{"co": -300, "mx": -360, "pe": -300, "cl": -240, "ec": -300, "ar": -180, "br": -180}
