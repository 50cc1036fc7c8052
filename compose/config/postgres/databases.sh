#!/bin/bash
# A database for each service, owned by a role of its own; runs once, when the data folder is empty.
set -euo pipefail
for service in assessment subsidy facility dispatch supervision datacenter gateway; do
  psql --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --set password="$DATABASE_PASSWORD" <<SQL
create role $service login password :'password';
create database $service owner $service;
revoke connect on database $service from public;
SQL
done
