package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"probability/app/score"
)

//go:embed messages/*.json
var messageFiles embed.FS

// catalog holds every sentence that people read, in each language.
type catalog struct {
	matcher language.Matcher
	voices  []voice // in the matcher's order; the first is the default
}

// voice speaks one language.
type voice struct {
	labels    labels // of factors: every order of a list has some
	localizer *i18n.Localizer
	tag       language.Tag
}

func newCatalog(files fs.FS) (*catalog, error) {
	tags := []language.Tag{language.English, language.Spanish}
	bundle := i18n.NewBundle(tags[0])
	c := &catalog{matcher: language.NewMatcher(tags)}
	for _, tag := range tags {
		name := "messages/" + tag.String() + ".json"
		if _, err := bundle.LoadMessageFileFS(files, name); err != nil {
			return nil, fmt.Errorf("messages: load %s: %w", name, err)
		}
		v := voice{labels: labels{}, localizer: i18n.NewLocalizer(bundle, tag.String()), tag: tag}
		for _, code := range score.Codes() {
			label, err := json.Marshal(v.factor(code))
			if err != nil {
				return nil, fmt.Errorf("messages: %w", err)
			}
			v.labels[string(code)] = string(label)
		}
		c.voices = append(c.voices, v)
	}
	return c, nil
}

// voice picks the language for an Accept-Language header. A header that cannot be read asks for nothing.
func (c *catalog) voice(accept string) voice {
	wanted, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return c.voices[0]
	}
	_, i, _ := c.matcher.Match(wanted...)
	return c.voices[i]
}

// say gives the sentence with that id. What no file has is answered with an empty string: the caller
// knows better what to say instead.
func (v voice) say(id string, params map[string]any) string {
	if params == nil {
		params = map[string]any{} // a template on nil data prints "<no value>"
	}
	text, err := v.localizer.Localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: params})
	if err != nil {
		return ""
	}
	return text
}

// failure explains an error code that is stored with a run or a delivery.
func (v voice) failure(code, detail string) string {
	params := map[string]any{"Code": code, "Detail": detail}
	for _, id := range []string{"failure." + code, "health." + code, "problem." + code + ".detail", "failure.other"} {
		if text := v.say(id, params); text != "" {
			return text
		}
	}
	return code
}
