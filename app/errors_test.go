package app_test

import (
	"errors"
	"fmt"
	"testing"

	"probability/app"
	"probability/store"
)

func TestKindOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want app.Kind
	}{
		"unknown":        {errors.New("x"), app.Internal},
		"ours":           {fmt.Errorf("door: %w", &app.Error{Kind: app.Conflict, Code: "settings_changed"}), app.Conflict},
		"of the store":   {fmt.Errorf("orders: %w", store.ErrNotFound), app.NotFound},
		"a joined one":   {errors.Join(errors.New("x"), &app.Error{Kind: app.Gone}), app.Gone},
		"of no kind yet": {&app.Error{}, app.Internal},
	} {
		if got := app.KindOf(c.err); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
	for kind := app.Internal; kind <= app.Conflict; kind++ {
		if app.KindOf(nil) == kind {
			t.Errorf("no error is of kind %d", kind)
		}
	}
}
