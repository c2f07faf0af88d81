from cmd2 import ansi


def alert(session, text):
    return ansi.async_alert_str(
        terminal_columns=session["columns"],
        prompt=session["prompt"],
        line=session["typed"],
        cursor_offset=len(session["typed"]),
        alert_msg=text,
    )


def handle(sessions, text):
    return [alert(s, text) for s in sessions]


print(handle([{"columns": 80, "prompt": "(db) ", "typed": "sel"}], "backup done"))
print(handle([{"columns": 80, "prompt": "", "typed": ""}], "backup done"))
