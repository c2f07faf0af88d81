from latchkey.guests import GuestBook
from latchkey.jobs import DAY, Reminder
from latchkey.mail import night
from latchkey.service import LINK, Door
from latchkey.tokens import Tokens

SECRET = "the secret of the lock, which is long enough"


class House:
    def __init__(self):
        self.now, self.book, self.sent = 1_600_000_000, GuestBook(), []
        self.door = Door(self.book, Tokens(SECRET), lambda: self.now)
        self.reminder = Reminder(self.book, SECRET, lambda *mail: self.sent.append(mail))

    def night(self):
        self.now += DAY
        night(self.reminder, self.now, lambda *mail: self.sent.append(mail), "host@example.org")
        return len(self.sent)


house = House()
print(house.door.open(house.door.invite("Ann", "ann@example.org", 3)[len(LINK):]))
house.door.invite("Bo", "bo@example.org", 3)
print([house.night() for _ in range(3)])
