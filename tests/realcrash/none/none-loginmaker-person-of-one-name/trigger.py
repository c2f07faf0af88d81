from loginmaker import Book, give_all


def handle(taken, text):
    return give_all(Book(taken), text)


print(handle({"berga"}, "number,name\n17,Ann Berg\n18,Bo Abrahamsen\n"))
print(handle({"berga"}, "number,name\n19,Suharto\n20,Cy Lund\n"))
