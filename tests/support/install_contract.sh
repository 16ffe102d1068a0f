#!/usr/bin/env bash
# Put GitHub's API description, its example events and Prism into a folder: tests/support/install_contract.sh FOLDER.
# Node runs Prism; the packages are those of tests/contract/package-lock.json, and none of their scripts is run.
set -euo pipefail
from="$(cd "$(dirname "$0")/../contract" && pwd)"
to="$1"
stamp=$(cat "$0" "$from/package.json" "$from/package-lock.json" | sha256sum | cut -d' ' -f1)
if [ "$(cat "$to/stamp" 2>/dev/null || true)" = "$stamp" ]; then
    exit 0
fi
rm -rf "$to"
mkdir -p "$to"
cp "$from/package.json" "$from/package-lock.json" "$to/"
(cd "$to" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
# Of 450 MB of descriptions and examples one of each kind is read: that of github.com.
find "$to/node_modules/@octokit/openapi/generated" -type f ! -name api.github.com.json -delete
find "$to/node_modules/@octokit/webhooks-examples" -mindepth 1 -maxdepth 1 -name 'ghes-*' -exec rm -rf {} +
echo "$stamp" >"$to/stamp"
echo "GitHub's API description and Prism are in $to"
