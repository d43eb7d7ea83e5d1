"""Signs zones with ldns-signzone or dnssec-signzone, with one ECDSAP256SHA256 key each."""

import os
import shutil
import subprocess
import tempfile


def is_possible():
    return bool(shutil.which("ldns-signzone") and shutil.which("ldns-keygen"))


def sign(apex, lines, method, signer, work):
    """The signed master file and the RDATA of the DS record of its key; (None, None) where the signer fails."""
    folder = tempfile.mkdtemp(dir=work)
    plain, signed = os.path.join(folder, "plain"), os.path.join(folder, "signed")
    with open(plain, "w", encoding="latin-1") as out:
        out.write(lines)

    def run(*command):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else None

    try:
        key = run("ldns-keygen", "-k", "-a", "ECDSAP256SHA256", "-r", "/dev/urandom", apex + ".")
        if key is None:
            return None, None
        ds = run("ldns-key2ds", "-n", "-2", key + ".key")
        if signer == "bind" and shutil.which("dnssec-signzone"):
            with open(plain, "a") as out, open(os.path.join(folder, key + ".key")) as public:
                out.write(public.read())
            options = {"NSEC": [], "NSEC3": ["-3", "ab"], "NSEC3 opt-out": ["-3", "-", "-A"]}[method]
            command = ["dnssec-signzone", "-P", "-z", "-H", "1", "-e", "20400101000000", *options]
            if method == "NSEC":
                command = [word for word in command if word not in ("-H", "1")]
            done = run(*command, "-o", apex + ".", "-f", signed, plain, key)
        else:
            options = {"NSEC": [], "NSEC3": ["-n", "-t", "1", "-s", "cd"], "NSEC3 opt-out": ["-n", "-p", "-t", "0"]}[method]
            done = run("ldns-signzone", "-b", "-e", "20400101", *options, "-o", apex + ".", "-f", signed, plain, key)
        if done is None:
            return None, None
        with open(signed, encoding="latin-1") as made:
            return made.read(), ds.split(None, 4)[4] if ds.split()[3] == "DS" else ds.split("DS", 1)[1].strip()
    finally:
        shutil.rmtree(folder)
