#!/usr/bin/env python3
"""A page with the script of a site and a form, in a real browser, over the real kithd: somebody looks at two pages, fills
the form in that stands on the second, and sends it. The contact, the lead, the submission and the page views are there
then, and a picture of the page is in OUT. On a page that asks before, nobody is followed until they agree. The page of a
form solves its captcha.

Skips, with a line that says so, where there is no Chromium.

usage: visitor_browser_test.py KITHD OUT
"""

import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.error
import urllib.request

from browser import CHROMIUM, Browser, await_that

KITHD, OUT = sys.argv[1:3]


class Pages:
    """The site: pages of a few words, and the scripts that they have."""

    def __init__(self):
        self.scripts = {}  # by path
        scripts = self.scripts

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                path = self.path.split("?")[0]
                found = path in scripts
                self.send_response(200 if found else 404)
                self.send_header("content-type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(f"<!doctype html><title>Page {path}</title><h1>Welcome to {path}</h1>"
                                 f"{scripts.get(path, '')}".encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class VisitorBrowserTest(unittest.TestCase):

    def setUp(self):
        self.data = tempfile.TemporaryDirectory(prefix="kith-visitors-")
        self.addCleanup(self.data.cleanup)
        folder = os.path.join(self.data.name, "data")
        self.kithd = subprocess.Popen([KITHD, "--data", folder, "--listen", "127.0.0.1:0", "--metrics=",
                                       "--http", "127.0.0.1:0"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.stop)
        pattern = re.compile(r'"http_port":(\d+)')
        port = next(found for found in map(pattern.search, self.kithd.stderr) if found).group(1)
        threading.Thread(target=self.kithd.stderr.read, daemon=True).start()
        self.url = f"http://127.0.0.1:{port}"
        with open(os.path.join(folder, "development.key"), encoding="utf-8") as file:
            self.key = file.read().strip()
        self.pages = Pages()
        self.addCleanup(self.pages.close)

    def stop(self):
        self.kithd.terminate()
        self.kithd.wait(timeout=60)

    def call(self, service, method, **body):
        asked = urllib.request.Request(f"{self.url}/kith.{service}/{method}", json.dumps(body).encode(),
                                       {"authorization": f"Bearer {self.key}", "content-type": "application/json"})
        with urllib.request.urlopen(asked, timeout=60) as reply:
            return json.load(reply)

    def site(self, consent_mode):
        name = self.call("visitors.v1.SitesService", "CreateSite", site={
            "display_name": "Ours", "allowed_origins": [self.pages.origin], "public_url": self.url,
            "consent_mode": consent_mode})["name"]
        return self.call("visitors.v1.SitesService", "GetSiteEmbedding", name=name)["html"]

    def form(self, **fields):
        """What puts a published form into a page, and where it is."""
        name = self.call("forms.v1.FormsService", "CreateForm", form={
            "display_name": "Talk to us", "public_url": self.url, "allowed_origins": [self.pages.origin],
            "fields": [{"key": "name", "label": "Name", "maps_to": "contact.first_name"},
                       {"key": "email", "label": "E-mail", "kind": "EMAIL", "maps_to": "contact.emails"}],
            **fields})["name"]
        self.call("forms.v1.FormsService", "PublishForm", name=name)
        return self.call("forms.v1.FormsService", "GetFormEmbedding", name=name)

    def submissions(self):
        return self.call("forms.v1.FormSubmissionsService", "ListFormSubmissions").get("form_submissions", [])

    def visits(self):
        return self.call("visitors.v1.VisitorsService", "ListVisits").get("visits", [])

    def browser(self, *flags):
        browser = Browser(*flags)
        self.addCleanup(browser.close)
        return browser

    def test_a_stranger_fills_the_form_in(self):
        embedding = self.form(creates_lead=True)
        script = self.site("CONSENT_NOT_REQUIRED")
        self.pages.scripts.update({"/": script, "/contact": script + embedding["html"]})
        browser = self.browser()
        browser.open(self.pages.origin + "/?utm_source=news&utm_medium=email&token=secret")
        await_that(self.visits)
        browser.open(self.pages.origin + "/contact")
        frame = browser.frame(embedding["path"])
        await_that(lambda: browser.run("!!document.querySelector('#f-email')", frame))
        browser.run("document.querySelector('#f-name').value = 'Carla';"
                    "document.querySelector('#f-email').value = 'carla@example.com'", frame)
        browser.picture(OUT, "visitor_form.png")
        browser.run("document.querySelector('button').click()", frame)
        await_that(self.submissions)
        browser.picture(OUT, "visitor_thanks.png")

        [contact] = self.call("contacts.v1.ContactsService", "ListContacts")["contacts"]
        self.assertEqual(contact["first_name"], "Carla")
        await_that(lambda: self.visits()[0]["page_view_count"] == 2)
        [visit] = self.visits()
        self.assertEqual(visit["contact"], contact["name"])
        self.assertEqual(visit["landing_page"], self.pages.origin + "/?utm_source=news&utm_medium=email")
        whole = self.call("visitors.v1.VisitorsService", "GetVisit", name=visit["name"])
        self.assertEqual([page["title"] for page in whole["page_views"]], ["Page /", "Page /contact"])
        [lead] = self.call("leads.v1.LeadsService", "ListLeads")["leads"]
        self.assertEqual(lead["first_touch"]["utm_source"], "news")
        [submission] = self.submissions()
        self.assertEqual((submission["visitor"], submission["lead"]), (visit["visitor"], lead["name"]))
        self.assertEqual(submission["page_url"], self.pages.origin + "/contact")
        entries = self.call("interactions.v1.InteractionsService", "ListTimeline", parent=contact["name"])["entries"]
        self.assertEqual([entry["visit"]["name"] for entry in entries if "visit" in entry], [visit["name"]])

    def test_the_page_of_a_form_solves_its_captcha(self):
        embedding = self.form(captcha=True)
        self.pages.scripts["/contact"] = embedding["html"]
        browser = self.browser()
        browser.open(self.pages.origin + "/contact")
        frame = browser.frame(embedding["path"])
        await_that(lambda: browser.run("document.readyState == 'complete' && !!document.querySelector('#f-email')", frame))
        # At once: the button works first, and sends then.
        browser.run("document.querySelector('#f-email').value = 'dora@example.com';"
                    "document.querySelector('button').click()", frame)
        self.assertEqual(browser.run("document.querySelector('button').disabled", frame), True)
        browser.picture(OUT, "captcha_form.png")
        await_that(self.submissions)
        # While somebody writes, on the form's own page: it is there when they are done.
        browser.open(self.url + embedding["path"])
        self.assertEqual(browser.run("document.querySelector('noscript').clientHeight"), 0)
        browser.ask("Page.bringToFront")
        browser.run("document.querySelector('#f-email').focus();"
                    "document.querySelector('#f-email').dispatchEvent(new FocusEvent('focusin', {bubbles: true}))")
        await_that(lambda: browser.run("document.querySelector('[name=kith_captcha]').value"))
        browser.run("document.querySelector('#f-email').value = 'edda@example.com';"
                    "document.querySelector('button').click()")
        await_that(lambda: len(self.submissions()) == 2)
        # Who has not done the work is refused, and told in words.
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(self.url + embedding["path"], b"email=fritz%40example.com", timeout=60)
        self.assertEqual(refused.exception.code, 400)
        self.assertIn("Please send it once more.", refused.exception.read().decode())

    def test_nobody_is_followed_before_they_agree(self):
        self.pages.scripts["/"] = self.site("CONSENT_REQUIRED")
        browser = self.browser()
        browser.open(self.pages.origin + "/")
        await_that(lambda: browser.run("typeof window.kith == 'function'"))
        self.assertEqual(browser.run("document.cookie"), "")
        browser.run("kith('consent')")
        self.assertIn("kith_visitor=", browser.run("document.cookie"))
        await_that(self.visits)
        # Of the same page another one, as pages that are made by scripts have them.
        browser.run("history.pushState({}, '', '/next')")
        await_that(lambda: self.visits()[0]["page_view_count"] == 2)
        browser.run("kith('forget')")
        self.assertEqual(browser.run("document.cookie"), "")
        browser.run("history.pushState({}, '', '/third'); kith('view')")
        browser.open(self.pages.origin + "/?again")
        self.assertEqual(browser.run("document.cookie"), "")
        self.assertEqual(self.visits()[0]["page_view_count"], 2)


if __name__ == "__main__":
    if CHROMIUM is None:
        print("visitors in a browser skipped: there is no chromium")
        sys.exit(0)
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
