package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"syscall"

	"probability/app"
	"probability/store"
)

// sentence is what a person at the command line is told about err: what is wrong
// and how to mend it.
func sentence(err error) string {
	if text := cmp.Or(fromStore(err), fromServer(err)); text != "" {
		return text
	}
	if refused, ok := errors.AsType[*app.Error](err); ok {
		if text := fromApp(refused); text != "" {
			return text
		}
	}
	switch {
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, syscall.ENOSPC):
		return err.Error() + "; make room on the disk of data.dir"
	case store.Damaged(err):
		return err.Error() + "; keep a copy of the data folder, move probability.db and what begins with its name away, and bring the last backup back with `probability restore`"
	case store.Forbidden(err):
		return err.Error() + "; " + forbiddenMend
	case store.TroubleOf(err) != store.NoTrouble:
		return err.Error() + "; the database's server cannot be used just now: try again in a moment"
	case store.Unavailable(err):
		return err.Error() + "; the disk of data.dir may be full, or another program may hold the database: try again in a moment"
	}
	return fromFile(err)
}

const forbiddenMend = "give the data folder and all that is in it to the user who runs this program, on a disk that can be written, or name another with data.dir"

// fromFile adds to an error about a file or a folder how to mend it.
func fromFile(err error) string {
	at, ok := errors.AsType[*fs.PathError](err)
	if !ok {
		return err.Error()
	}
	mend := ""
	switch {
	case errors.Is(at, fs.ErrNotExist):
		mend = "check the path, and that its folder exists"
	case errors.Is(at, fs.ErrExist):
		mend = "move away what is there, or name another path"
	case errors.Is(at, fs.ErrPermission):
		mend = "give it to the user who runs this program, or name another path"
	case errors.Is(at, syscall.EROFS):
		mend = "its disk cannot be written; name another path"
	case errors.Is(at, syscall.EISDIR):
		mend = "a file is expected there: name one"
	case errors.Is(at, syscall.ENOTDIR):
		mend = "a folder is expected there: name one"
	default:
		return err.Error()
	}
	return err.Error() + "; " + mend
}

func fromStore(err error) string {
	mend := ""
	switch {
	case errors.Is(err, store.ErrFolderInUse):
		mend = "stop that one, or choose another folder with data.dir"
	case errors.Is(err, store.ErrKeyInFile):
		return store.ErrKeyInFile.Error()
	case errors.Is(err, store.ErrWrongKey), errors.Is(err, store.ErrKeyLost):
		mend = "the key is security.encryption_key or the file key in the data folder"
	case errors.Is(err, store.ErrNotDatabase):
		mend = "put probability.db of a copy in its place, or move it away to begin anew"
	case errors.Is(err, store.ErrBackupTruncated), errors.Is(err, store.ErrBackupAltered):
		mend = "copy it again from where it was made, or restore another one"
	case errors.Is(err, store.ErrNotBackup):
		mend = "name a file that it has made"
	case errors.Is(err, store.ErrFolderUnsafe):
		mend = "give the data folder to the user who runs this program, and to nobody else"
	case errors.Is(err, store.ErrServersOwn):
		return "this database is on a PostgreSQL server: back it up with `pg_dump --format=custom`, bring it back with `pg_restore`, " +
			"and keep a copy of the key apart from it, without which nobody can read the secrets in it"
	case errors.Is(err, store.ErrNothingToMove):
		mend = "name the folder of the installation with data.dir"
	case errors.Is(err, store.ErrTargetTaken):
		mend = "name an empty database with --to, such as a new one"
	case errors.Is(err, store.ErrMoveUnfinished):
		mend = "run `probability move` again, which begins anew; the folder that it moves from is as it was"
	case errors.Is(err, store.ErrMoveDiffers):
		mend = "nothing was changed in the folder; run it again, and if that does not help, look into the server's log"
	case errors.Is(err, store.ErrSchemaNewer), errors.Is(err, store.ErrSchemaOlder): // they say it themselves
	default:
		return ""
	}
	return strings.TrimSuffix(err.Error()+"; "+mend, "; ")
}

func fromApp(err *app.Error) string {
	switch err.Code {
	case "email_taken":
		return "an account with this e-mail exists already; `probability user passwd` changes its password"
	case "user_not_found":
		return "no account has this e-mail; `probability user list` shows them"
	case "token_not_found":
		return "there is no such token; `probability token list --user E` shows an account's"
	case "validation_failed":
		var complaints []string
		for _, field := range slices.Sorted(maps.Keys(err.Fields)) {
			for _, e := range err.Fields[field] {
				complaints = append(complaints, field+": "+complaint(e))
			}
		}
		return strings.Join(complaints, "; ")
	default:
		return ""
	}
}

func complaint(e app.FieldError) string {
	switch e.Code {
	case "required":
		return "must not be empty"
	case "invalid_email":
		return "is no e-mail address such as name@example.com"
	case "password_too_short":
		return fmt.Sprintf("needs at least %v characters", e.Params["Min"])
	case "too_long":
		return fmt.Sprintf("is too long, %v is the most", e.Params["Max"])
	default:
		return strings.ReplaceAll(e.Code, "_", " ")
	}
}
