module souk/deploy/local

go 1.26.7

replace (
	souk/platform => ../../platform
	souk/proto => ../../proto
)

require (
	github.com/jackc/pgx/v5 v5.12.0
	golang.org/x/sync v0.24.0
	souk/platform v0.0.0
)

require (
	github.com/caarlos0/env/v11 v11.4.2 // indirect
	github.com/jackc/pgpassfile v1.0.0 // indirect
	github.com/jackc/pgservicefile v0.0.0-20240606120523-5a60cdf6a761 // indirect
	golang.org/x/text v0.43.0 // indirect
)
