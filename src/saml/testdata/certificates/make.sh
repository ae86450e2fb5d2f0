#!/bin/sh
# Makes the certificates that a connection must refuse, and one that it must accept. Keys are thrown away.
set -eu
key=$(mktemp)
trap 'rm -f "$key"' EXIT
sign() { openssl req -new -x509 -key "$key" -subj "/CN=$1" -days 36500 -set_serial 1 -out "$1.pem" "$2"; }
openssl genrsa -out "$key" 1024 && sign rsa-1024 -sha256
openssl genrsa -3 -out "$key" 2048 && sign rsa-exponent-3 -sha256
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out "$key" && sign rsa-pss -sha256
openssl genpkey -algorithm ED25519 -out "$key" && sign ed25519 -sha256
openssl ecparam -name secp256k1 -genkey -noout -out "$key" && sign secp256k1 -sha256
openssl dsaparam -genkey -out "$key" 2048 && sign dsa -sha256
openssl ecparam -name prime256v1 -genkey -noout -out "$key" && sign p256 -sha256
