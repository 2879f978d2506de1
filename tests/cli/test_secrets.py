"""secret("NAME"): the canary is seen by effects only. It is looked for in everything that a run leaves or says."""

import http.server
import threading

from harness import *

CANARY = 'c4n4ry/"+&42-tweet'

SCRIPT = """activity inside(url, token) {
  print("inside ${token}")
  log.info("inside", token: secret("TOKEN"))
  let r = http.post(url, json: {token: secret("TOKEN")})
  heartbeat({token: token, body: r.body})
  exec.run(["sh", "-c", "echo $1; echo err $1 >&2", "sh", token])
}
activity fails(token) {
  exec.run(["sh", "-c", "echo no good: $1 >&2; exit 3", "sh", token])
}
workflow Child(token) { print("child ${token}"); {token} }
workflow main(url: string) {
  let token = secret("TOKEN")
  print("main", token, {token})
  log.warn("main", token: token)
  let got = http.get(url, headers: {Authorization: "Bearer ${token}"}, query: {t: token})
  let posted = http.post("${url}/${"x"}", body: "raw ${token}")
  let run = exec.run(["sh", "-c", "cat; echo $0; echo $TOKEN; echo $OTHER >&2", token], stdin: token, env: {OTHER: token})
  let body = inside(url, token)
  let bad = [
    try { fails(token) } catch e { {message: e.message, data: e.cause.data} },
    try { http.get("${url}/fail", headers: {x: token}) } catch e { [e.message, e.data] },
    try { throw error("Mine", "with ${token}", {token}) } catch e { e }
  ]
  file.write("secret.conf", "token=${token}")
  let back = file.read("secret.conf")
  let child = Child(token) with {memo: {token: token}}
  sleep(10ms)
  throw error("Ends", "last words: ${token}", {token, got, posted, run, body, bad, back, child})
}
"""


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with everything it was sent, as text and as JSON."""

    def answer(self):
        length = int(self.headers.get("Content-Length", 0))
        sent = self.rfile.read(length).decode()
        self.server.seen.append((self.path, dict(self.headers), sent))
        words = [self.path, str(self.headers), sent]
        body = ("\n".join(words) + json.dumps(words)).encode()
        self.send_response(500 if "fail" in self.path else 200)
        for name in ("Authorization", "x"):
            if name in self.headers:
                self.send_header("Echo-" + name, self.headers[name])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


class Secrets(CliTest):
    def serve(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        server.seen = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def assertNoCanary(self, text, where):
        for part in (CANARY, json.dumps(CANARY)[1:-1], "c4n4ry%2F%22%2B%2642-tweet", "c4n4ry"):
            self.assertNotIn(part, text, where)

    def assertNoCanaryInStore(self):
        for folder, _, files in os.walk(self.path(".wakeful")):
            for name in files:
                with open(os.path.join(folder, name), "rb") as f:
                    self.assertFalse(b"c4n4ry" in f.read(), f"{name} holds the canary")

    def test_the_canary_reaches_effects_and_nothing_else(self):
        server = self.serve()
        url = f"http://127.0.0.1:{server.server_port}/p"
        self.write("s.wf", SCRIPT)
        run = self.wf("run", "s.wf", "--id", "r", "--arg", f"url={url}", code=FAILED, TOKEN=CANARY)
        # effects got it
        get, raw, post, fail = server.seen
        self.assertEqual(get[1]["Authorization"], "Bearer " + CANARY)
        self.assertIn("t=c4n4ry%2F%22%2B%2642-tweet", get[0])
        self.assertEqual(raw[2], "raw " + CANARY)
        self.assertEqual(json.loads(post[2]), {"token": CANARY})
        self.assertEqual(fail[1]["x"], CANARY)
        self.assertEqual(self.read("secret.conf"), "token=" + CANARY)
        # and nothing else did
        self.assertSays(run, "last words: «secret TOKEN»")
        self.assertIn("main «secret TOKEN»", run.out)
        self.assertNoCanary(run.out + run.err, "wf run")
        self.assertNoCanaryInStore()
        for words in (("history", "r"), ("history", "r", "--json"), ("show", "r"), ("show", "r", "--json"),
                      ("history", "r/Child-1", "--json"), ("show", "r/Child-1"), ("list", "--json"),
                      ("run", "s.wf", "--id", "r", "--json"), ("replay", "r")):
            answer = self.wf(*words, TOKEN=CANARY)
            self.assertNoCanary(answer.out + answer.err, words)
            self.assertNotIn("\ue0f0", answer.out + answer.err, words)   # nor the placeholder's own characters
        self.assertIn("«secret TOKEN»", self.wf("show", "r", "--json").out)
        # replay needs no secret
        self.wf("replay", "r", code=DONE)

    def test_a_placeholder_from_elsewhere_is_only_text(self):
        forged = "\ue0f0TOKEN\ue0f1" + "0" * 16 + "\ue0f2"
        self.write("s.wf", 'workflow main(x: string) { let t = secret("TOKEN"); exec.run(["echo", x]); '
                           'file.write("f", x) }\n')
        self.wf("run", "s.wf", "--arg", "x=" + forged, code=DONE, TOKEN=CANARY)
        self.assertEqual(self.read("f"), forged)

    def test_a_session_without_the_variable_says_so(self):
        self.write("s.wf", """workflow main() {
  let t = secret("TOKEN")
  while not file.exists("go") { sleep(20ms) }
  try { exec.run(["echo", t]) } catch e { [e.kind, e.message] }
}
""")
        self.kill_once_read()
        self.assertEqual(self.wf("run", "s.wf", "--id", "r", code=DONE).last,
                         ["KeyError", "the secret TOKEN is not there: set the environment variable TOKEN"])

    def kill_once_read(self):
        """Begins `s.wf` as `r`, kills it when it has read its secret, and lets it go on when it is run again."""
        process = self.start("run", "s.wf", "--id", "r", TOKEN=CANARY)
        self.wait_for("the secret", lambda: "secret TOKEN was read" in self.wf("history", "r").out)
        process.kill()
        process.communicate(timeout=SECONDS_MAX)
        self.write("go", "")

    def test_a_result_is_searched_after_a_resume_too(self):
        self.write("s.wf", """workflow main() {
  let t = secret("TOKEN")
  while not file.exists("go") { sleep(20ms) }
  exec.run(["sh", "-c", "echo $TOKEN"]).stdout
}
""")
        self.kill_once_read()
        self.assertEqual(self.wf("run", "s.wf", "--id", "r", code=DONE, TOKEN=CANARY).last, "«secret TOKEN»\n")
        self.assertNoCanaryInStore()


if __name__ == "__main__":
    unittest.main()
