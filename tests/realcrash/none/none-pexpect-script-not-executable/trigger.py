import os
import tempfile

import pexpect


def back_up(script, folder):
    child = pexpect.spawn(script, [folder], encoding="utf-8", timeout=10)
    child.expect("done")
    child.close()
    return child.exitstatus


os.chdir(tempfile.mkdtemp())
with open("back-up.sh", "w") as script:  # copied to the server without its x bit
    script.write("#!/bin/sh\necho done\n")
os.chmod("back-up.sh", 0o640)
print(back_up("./back-up.sh", "/var/lib/shop"))
