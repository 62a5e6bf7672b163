#!/usr/bin/env bash
# Builds Terraform's Google provider from its Go module into a mirror in the
# user's cache, for a machine that cannot reach Terraform's registry. It takes
# about five minutes once; the tests of this folder look for it there.
set -euo pipefail

module=github.com/hashicorp/terraform-provider-google
revision=v1.20.1-0.20260828184646-f3721fb45fa3 # release 8.0.0: its tags are none that Go knows
version=8.0.0

platform="$(go env GOOS)_$(go env GOARCH)"
case "$(go env GOOS)" in
  darwin) cache="$HOME/Library/Caches" ;;
  *) cache="${XDG_CACHE_HOME:-$HOME/.cache}" ;;
esac
folder="$cache/nightwire/terraform/mirror/registry.terraform.io/hashicorp/google/$version/$platform"
program="$folder/terraform-provider-google_v${version}_x5"

[[ -x $program ]] && exit 0
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "building Terraform's Google provider $version, once: about five minutes"
# Its packages are huge: one at a time, they need less memory at once.
GOWORK=off GOFLAGS=-p=1 CGO_ENABLED=0 GOBIN="$work" go install -ldflags="-s -w" "$module@$revision"
mv "$work/terraform-provider-google" "$program"
