import sys


def check(label, call, *want):
    """`call` gives one of `want`, of the same type."""
    try:
        got = call()
    except Exception as e:
        print(f"{label}: {type(e).__name__}: " + " ".join(str(e).split()))
        sys.exit(1)
    if not any(got == w and type(got) is type(w) for w in want):
        print(f"{label}: got {got!r}, want {want[0]!r}")
        sys.exit(1)


from datetime import date
from decimal import Decimal

from ledgerin.camt import read
from ledgerin.summary import by_category


def tx(amount, name="", text="", side="DBIT"):
    role = "Cdtr" if side == "DBIT" else "Dbtr"
    party = f"<RltdPties><{role}><Nm>{name}</Nm></{role}></RltdPties>" if name else ""
    rmt = f"<RmtInf><Ustrd>{text}</Ustrd></RmtInf>" if text else ""
    return f'<TxDtls><Refs><X>r</X></Refs><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>{party}{rmt}</TxDtls>'


def ntry(amount, *txs, side="DBIT", inner=None):
    inner = inner if inner is not None else f"<NtryDtls>{''.join(txs)}</NtryDtls>" if txs else ""
    return (f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2024-05-03</Dt></BookgDt>'
            f"{inner}<AddtlNtryInf>whole</AddtlNtryInf></Ntry>")


def rows(*bookings):
    xml = "<Document><BkToCstmrStmt><Stmt><Id>1</Id>" + "".join(bookings) + "</Stmt></BkToCstmrStmt></Document>"
    return [(str(x.amount), x.other, x.text) for x in read(xml)]


check("one", lambda: rows(ntry("7.20", tx("7.20", "Bakery", "bread"))), [("-7.20", "Bakery", "bread")])
check("one, no text", lambda: rows(ntry("7.20", tx("7.20", "Bakery"))), [("-7.20", "Bakery", "whole")])
check("one, money in", lambda: rows(ntry("3", tx("3", "Ann", "debt", side="CRDT"), side="CRDT")), [("3", "Ann", "debt")])
check("one, in two bookings", lambda: rows(ntry("1", tx("1", "A")), ntry("2", tx("2", "B"))), [("-1", "A", "whole"), ("-2", "B", "whole")])
check("one, then a batch", lambda: rows(ntry("1", tx("1", "A")), ntry("5", tx("2", "B"), tx("3", "C"))), [("-1", "A", "whole"), ("-2", "B", "whole"), ("-3", "C", "whole")])
check("one, nobody named", lambda: rows(ntry("4", tx("4"))), [("-4", "", "whole")])
check("two", lambda: rows(ntry("5", tx("2", "B", "x"), tx("3", "C", "y"))), [("-2", "B", "x"), ("-3", "C", "y")])
check("none listed", lambda: rows(ntry("5")), [("-5", "", "whole")])
check("a number of them only", lambda: rows(ntry("5", inner="<NtryDtls><Btch><NbOfTxs>3</NbOfTxs></Btch></NtryDtls>")), [("-5", "", "whole")])
check("empty details", lambda: rows(ntry("5", inner="<NtryDtls/>")), [("-5", "", "whole")])
check("day", lambda: [x.day for x in read("<Document><BkToCstmrStmt><Stmt>" + ntry("1", tx("1")) + "</Stmt></BkToCstmrStmt></Document>")], [date(2024, 5, 3)])
check("sums", lambda: by_category(read("<Document><BkToCstmrStmt><Stmt>" + ntry("1", tx("1", "Bakery")) + ntry("2") + "</Stmt></BkToCstmrStmt></Document>"), {"food": ["bakery"]}), {"other": Decimal(-2), "food": Decimal(-1)})
