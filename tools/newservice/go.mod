module souk/tools/newservice

go 1.26.7
