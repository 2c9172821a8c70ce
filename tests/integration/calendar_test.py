"""The real kithd and a calendar program's library: a user's calendar is read at its address.

usage: calendar_test.py KITHD STUBS
"""

import datetime
import os
import re
import shutil
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

KITHD, STUBS = sys.argv[1:3]
sys.path[:0] = [STUBS, os.path.dirname(os.path.abspath(__file__))]

import icalendar  # noqa: E402
from kith.meetings.v1 import meetings_service_pb2 as meetings  # noqa: E402
from kith.meetings.v1 import meetings_service_pb2_grpc  # noqa: E402
from kith.tasks.v1 import task_pb2  # noqa: E402
from kith.tasks.v1 import tasks_service_pb2 as tasks  # noqa: E402
from kith.tasks.v1 import tasks_service_pb2_grpc  # noqa: E402
from kith.users.v1 import users_service_pb2 as users  # noqa: E402
from kith.users.v1 import users_service_pb2_grpc  # noqa: E402
from kith.workspaces.v1 import workspaces_service_pb2 as workspaces  # noqa: E402
from kith.workspaces.v1 import workspaces_service_pb2_grpc  # noqa: E402
from kithd_process import Kithd  # noqa: E402

SECONDS = 120  # within which everything happens
UTC = datetime.timezone.utc


class CalendarTest(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="kith_calendar_")
        self.addCleanup(shutil.rmtree, self.folder)
        log = open(os.path.join(self.folder, "log"), "w", encoding="utf-8")
        self.addCleanup(log.close)
        self.kithd = Kithd(KITHD, os.path.join(self.folder, "data"), ["--http", "127.0.0.1:0"], stderr=log)
        self.addCleanup(self.kithd.stop)
        with open(log.name, encoding="utf-8") as lines:
            self.port = int(re.search(r'"http_port":(\d+)', lines.read()).group(1))
        self.metadata = self.kithd.metadata
        user = self.call(users_service_pb2_grpc, "UsersService", "CreateUser",
                         users.CreateUserRequest(user={"display_name": "Ben", "roles": ["roles/sales-rep"]}))
        self.user = user.name
        key = self.call(workspaces_service_pb2_grpc, "WorkspacesService", "CreateApiKey", workspaces.CreateApiKeyRequest(
            api_key={"display_name": "Ben's", "user": user.name, "permissions": ["*"]}))
        self.metadata = (("authorization", f"Bearer {key.secret}"),)

    def call(self, module, service, method, request):
        stub = getattr(module, f"{service}Stub")(self.kithd.channel)
        return getattr(stub, method)(request, metadata=self.metadata, timeout=SECONDS)

    def renew(self):
        return self.call(workspaces_service_pb2_grpc, "WorkspacesService", "RenewCalendarAddress",
                         workspaces.RenewCalendarAddressRequest()).path

    def meet(self, start, **fields):
        request = meetings.CreateMeetingRequest(meeting=fields)
        request.meeting.start_time.FromDatetime(start)
        return self.call(meetings_service_pb2_grpc, "MeetingsService", "CreateMeeting", request)

    def read(self, path, **headers):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        return urllib.request.urlopen(request, timeout=SECONDS)

    def test_is_what_a_calendar_program_reads(self):
        now = datetime.datetime.now(UTC).replace(microsecond=0)
        tomorrow = now + datetime.timedelta(days=1)
        demo = self.meet(tomorrow, display_name="Demo: it's \"new\"; ä, 漢", location="Room 4",
                         description="x" * 200 + "\nand more")
        moved = self.meet(tomorrow, display_name="Moved")
        request = meetings.RescheduleMeetingRequest(name=moved.name)
        request.start_time.FromDatetime(tomorrow + datetime.timedelta(hours=2))
        self.call(meetings_service_pb2_grpc, "MeetingsService", "RescheduleMeeting", request)
        self.call(meetings_service_pb2_grpc, "MeetingsService", "CancelMeeting",
                  meetings.CancelMeetingRequest(name=moved.name, reason="Ill"))
        # A day in Auckland begins on the day before, as UTC has it.
        self.meet(datetime.datetime(tomorrow.year, tomorrow.month, tomorrow.day, 12, tzinfo=UTC), display_name="Fair",
                  all_day=True, time_zone="Pacific/Auckland")
        task = tasks.CreateTaskRequest(task={"display_name": "Call back", "priority": task_pb2.URGENT,
                                             "time_zone": "Europe/Berlin"})
        task.task.due_time.FromDatetime(tomorrow)
        done = self.call(tasks_service_pb2_grpc, "TasksService", "CreateTask", task)
        self.call(tasks_service_pb2_grpc, "TasksService", "CompleteTask", tasks.CompleteTaskRequest(name=done.name))
        day = tasks.CreateTaskRequest(task={"display_name": "Send the offer", "due_date": {
            "year": tomorrow.year, "month": tomorrow.month, "day": tomorrow.day}})
        self.call(tasks_service_pb2_grpc, "TasksService", "CreateTask", day)

        with self.read(self.renew()) as reply:
            self.assertEqual(reply.headers["content-type"], "text/calendar; charset=utf-8")
            text = reply.read()
        for line in text.split(b"\r\n"):
            self.assertLessEqual(len(line), 75)
        calendar = icalendar.Calendar.from_ical(text)
        self.assertEqual(calendar["METHOD"], "PUBLISH")
        events = {str(event["SUMMARY"]): event for event in calendar.walk("VEVENT")}
        self.assertEqual(set(events), {demo.display_name, "Moved", "Fair"})
        told = events[demo.display_name]
        self.assertEqual(told["UID"], demo.name.split("/")[1] + "@kith")
        self.assertEqual(told["DTSTART"].dt, tomorrow)
        self.assertEqual(told["DTEND"].dt, tomorrow + datetime.timedelta(hours=1))
        self.assertEqual(told["DESCRIPTION"], "x" * 200 + "\nand more")
        self.assertEqual((told["SEQUENCE"], told["STATUS"]), (0, "CONFIRMED"))
        self.assertEqual((events["Moved"]["SEQUENCE"], events["Moved"]["STATUS"]), (2, "CANCELLED"))
        fair = events["Fair"]
        self.assertIs(type(fair["DTSTART"].dt), datetime.date)
        self.assertEqual(fair["DTEND"].dt - fair["DTSTART"].dt, datetime.timedelta(days=1))
        self.assertEqual(fair["DTSTART"].dt, tomorrow.date() + datetime.timedelta(days=1))
        todos = {str(todo["SUMMARY"]): todo for todo in calendar.walk("VTODO")}
        self.assertEqual(set(todos), {"Call back", "Send the offer"})
        self.assertEqual((todos["Call back"]["STATUS"], todos["Call back"]["PRIORITY"]), ("COMPLETED", 1))
        self.assertEqual(todos["Call back"]["DUE"].dt, tomorrow)
        self.assertEqual(todos["Send the offer"]["DUE"].dt, tomorrow.date())

    def test_is_told_again_where_it_changed_and_nowhere_once_withdrawn(self):
        path = self.renew()
        with self.read(path) as reply:
            tag = reply.headers["etag"]
        with self.assertRaises(urllib.error.HTTPError) as same:
            self.read(path, **{"If-None-Match": tag})
        self.assertEqual(same.exception.code, 304)
        same.exception.close()
        self.call(workspaces_service_pb2_grpc, "WorkspacesService", "WithdrawCalendarAddress",
                  workspaces.WithdrawCalendarAddressRequest())
        with self.assertRaises(urllib.error.HTTPError) as gone:
            self.read(path)
        self.assertEqual(gone.exception.code, 404)
        gone.exception.close()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
