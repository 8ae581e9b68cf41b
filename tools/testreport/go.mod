module souk/tools/testreport

go 1.26
