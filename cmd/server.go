package cmd

import (
	"errors"
	"fmt"

	"probability/store"
)

// serverError is an error of a PostgreSQL database, and which one it is.
type serverError struct {
	server store.Server
	err    error
}

// Error names the database.
func (e *serverError) Error() string { return e.server.String() + ": " + e.err.Error() }

// Unwrap is the cause.
func (e *serverError) Unwrap() error { return e.err }

// onServer names the database that an error is about, if it is one of a server. What is wrong with the data folder is none of it.
func onServer(url string, err error) error {
	if err == nil || url == "" || errors.Is(err, store.ErrFolderInUse) || errors.Is(err, store.ErrFolderUnsafe) || errors.Is(err, store.ErrNothingToMove) {
		return err
	}
	server, unread := store.ServerOf(url)
	if unread != nil {
		return err
	}
	return &serverError{server, err}
}

// fromServer says what is wrong with a PostgreSQL database and how to mend it; empty when err is about something else. What the driver
// says is left out where we know better: it repeats the address, once for each way that it tried.
func fromServer(err error) string {
	e, ok := errors.AsType[*serverError](err)
	if !ok {
		return ""
	}
	var what, mend string
	switch store.TroubleOf(err) {
	case store.TroubleReach:
		what, mend = "nobody answers there", "is the server running, and does it listen there?"
	case store.TroubleConnect:
		what, mend = "no connection comes about: "+root(err), "is sslmode of database.url what the server offers?"
	case store.TroubleAccess:
		what, mend = "the server does not let this role in", "check role and password in database.url, and pg_hba.conf of the server"
	case store.TroubleDatabase:
		what, mend = "there is no such database", fmt.Sprintf("create it: CREATE DATABASE %q OWNER %q ENCODING 'UTF8' TEMPLATE template0", e.server.Database, e.server.Role)
	case store.TroubleRights:
		what, mend = "the role may not do what is needed", fmt.Sprintf("make it the owner: ALTER DATABASE %q OWNER TO %q", e.server.Database, e.server.Role)
	case store.TroublePlaces:
		what, mend = "the server takes no more connections", "raise its max_connections: each process uses up to 25"
	case store.TroubleStarting:
		what, mend = "the server is starting or stopping", "try again in a moment"
	case store.NoTrouble:
		return ""
	}
	return fmt.Sprintf("%s: %s; %s", e.server, what, mend)
}

// root is what the innermost error says.
func root(err error) string {
	for {
		inner := errors.Unwrap(err)
		if several, ok := err.(interface{ Unwrap() []error }); ok {
			if all := several.Unwrap(); len(all) > 0 {
				inner = all[len(all)-1]
			}
		}
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}
