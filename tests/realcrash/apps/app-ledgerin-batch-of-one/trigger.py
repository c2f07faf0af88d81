from ledgerin.camt import read
from ledgerin.summary import by_category


def transaction(amount, name):
    return (
        f'<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd>'
        f"<RltdPties><Cdtr><Nm>{name}</Nm></Cdtr></RltdPties></TxDtls>"
    )


def handle(day, amount, *transactions):
    xml = (
        f'<Document><BkToCstmrStmt><Stmt><Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd><BookgDt><Dt>{day}</Dt></BookgDt>'
        f"<NtryDtls>{''.join(transactions)}</NtryDtls><AddtlNtryInf>Cards</AddtlNtryInf></Ntry></Stmt></BkToCstmrStmt></Document>"
    )
    return by_category(read(xml), {"food": ["bakery"]})


print(handle("2024-05-02", "12.50", transaction("10.00", "Bakery Lund"), transaction("2.50", "Kiosk")))
print(handle("2024-05-03", "7.20", transaction("7.20", "Bakery Lund")))
