package names

import (
	"fmt"
	"strings"
)

// FiltersFolder is where the products bucket has the filters.
const FiltersFolder = "filters/"

// The ends of the names of objects in the folder of filters.
const (
	filterEnd = ".yaml"
	pausedEnd = ".paused"
)

// acceptedFolder holds the last good version of each filter.
const acceptedFolder = FiltersFolder + ".accepted/"

// FilterObject is the object that holds a filter.
func FilterObject(filter string) string { return FiltersFolder + filter + filterEnd }

// PausedObject is the object that pauses a filter while it is there.
func PausedObject(filter string) string { return FiltersFolder + filter + pausedEnd }

// AcceptedObject is the copy of a filter's last good version.
func AcceptedObject(filter string) string { return acceptedFolder + filter + filterEnd }

// ParseFilterObject reads the name of the filter that the object holds; ok is
// false for an object of another kind.
func ParseFilterObject(object string) (filter string, ok bool) {
	return between(object, FiltersFolder, filterEnd)
}

// ParsePausedObject reads the name of the filter that the object pauses.
func ParsePausedObject(object string) (filter string, ok bool) {
	return between(object, FiltersFolder, pausedEnd)
}

// ParseAcceptedObject reads the name of the filter whose copy the object is.
func ParseAcceptedObject(object string) (filter string, ok bool) {
	return between(object, acceptedFolder, filterEnd)
}

// between is what stands between two parts of a name, if it is a plain name.
func between(name, start, end string) (string, bool) {
	rest, began := strings.CutPrefix(name, start)
	rest, ended := strings.CutSuffix(rest, end)
	return rest, began && ended && rest != "" && !strings.Contains(rest, "/")
}

// ClaimObject is the object of the products bucket by which one instance says
// that it notifies the matches of an alert.
func ClaimObject(night, objectID, candid string) string {
	return fmt.Sprintf("matches/night=%s/%s/%s.json", night, objectID, candid)
}

// PlotObject is the object of the products bucket that shows an alert's light
// curve and its fit.
func PlotObject(night, objectID, candid string) string {
	return fmt.Sprintf("plots/night=%s/%s/%s.svg", night, objectID, candid)
}

// tarballsFolder is where the products bucket has the tarballs of nights.
const tarballsFolder = "tarballs/"

// The ends of the names of the objects that belong to a tarball.
const (
	tarballEnd      = ".tar.gz"
	tarballIndexEnd = ".index.jsonl"
	tarballSumEnd   = ".sha256"
	tarballPartsEnd = ".parts.json"
)

// TarballObject is the object of the products bucket that holds the files of a
// night (YYYY-MM-DD): tarballs/ztf_public_20260901.tar.gz
func (r Resources) TarballObject(night string) string { return r.tarball(night) + tarballEnd }

// TarballIndexObject says where in a night's tarball each alert is.
func (r Resources) TarballIndexObject(night string) string { return r.tarball(night) + tarballIndexEnd }

// TarballSumObject holds the SHA-256 of a night's tarball.
func (r Resources) TarballSumObject(night string) string { return r.tarball(night) + tarballSumEnd }

// TarballPartsObject says of which files each part of a night's tarball is made.
func (r Resources) TarballPartsObject(night string) string { return r.tarball(night) + tarballPartsEnd }

func (r Resources) tarball(night string) string {
	stream := strings.ReplaceAll(string(r.Stream), "-", "_")
	if r.Stream == ZTF {
		stream = "ztf_public"
	}
	return tarballsFolder + stream + "_" + strings.ReplaceAll(night, "-", "")
}

// TarballFolder holds the parts of a night's tarball while it is being made.
func TarballFolder(night string) string { return tarballsFolder + "parts/" + night + "/" }

// certificatesFolder is where the products bucket has what each dawn found.
const certificatesFolder = "certificates/"

// CertificateObject is the certificate of a night (YYYY-MM-DD), for programs.
func CertificateObject(night string) string { return certificatesFolder + night + ".json" }

// CertificatePage is the same for people.
func CertificatePage(night string) string { return certificatesFolder + night + ".html" }
