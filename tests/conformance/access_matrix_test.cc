// Goal: over the server each built-in role reaches what tests/golden/access.txt says, whatever the
// verb. Method: every method whose request names a record of a kind that has owners is asked as a
// user of each role, and of each in another workspace, about their own record, one of a colleague
// of their team and somebody else's, of these also deleted ones. The request is as small as may be,
// and of the answer only this is asked: it is refused as if nothing were there, or for the
// permission, where the matrix says so, and changes nothing then; and elsewhere it is not refused
// for that. What else is wrong with a request, whoever may do everything is told, too.
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "services/core/built_in_roles.h"
#include "tests/conformance/access_world.h"

namespace kith::testing {
namespace {

// What is named there is only linked: who sees it may name it.
bool IsOnlyLinked(const MethodDescriptor& method, const Reference& reference) {
  static const auto& linked = *new std::set<std::string>{
      "MoveDeal after",
      "MoveDeal before",
      "ConvertLead contact",
      "ConvertLead company",
      "RespondToMeeting attendee",
      "SendMeetingInvitation contact",
      "IdentifyVisitor contact",
      "ResolveCaptureReview contact",
      "SendMessage deal",
      "SendMessage meeting",
      "SendMessage mail_template",
      "SubmitForm visitor",
      "SubmitForm name",
      "RecordPageViews site",
      "CallWebhook record",
      "QueueWebhookDelivery record",
  };
  return linked.contains(absl::StrCat(method.name(), " ", reference.path));
}

// Messages that come one by one are asked about elsewhere: a bulk load in
// tests/services/interactions and tests/services/captures, the feed and what it is filtered by in
// tests/services/events, a user's notifications in tests/services/notifications; and a session
// carries the methods asked here.
const std::set<std::string>& Streams() {
  static const auto& streams =
      *new std::set<std::string>{"IngestCaptures", "IngestInteractions", "ReadEvents",
                                 "RunSession",     "SubscribeEvents",    "WatchNotifications"};
  return streams;
}

// A report over all records, for those who see all of them: what it names only limits it. And what
// only Kith itself names.
bool IsNotPutTo(const MethodDescriptor& method, const Reference& reference) {
  static const auto& left_out = *new std::set<std::string>{
      "GetMessageReport mail_template",
      "SendMessage meeting",
  };
  return left_out.contains(absl::StrCat(method.name(), " ", reference.path));
}

bool IsStream(const MethodDescriptor& method) {
  return method.client_streaming() || method.server_streaming();
}

std::string PermissionOf(const MethodDescriptor& method) {
  return method.options().GetExtension(options::v1::method).permission();
}

bool Covers(Scope scope, Whose whose) {
  switch (whose) {
    case Whose::kOwn:
    case Whose::kOwnDeleted:
      return scope >= Scope::kOwn;
    case Whose::kTeams:
    case Whose::kTeamsDeleted:
      return scope >= Scope::kTeam;
    case Whose::kOthers:
    case Whose::kOthersDeleted:
      return scope == Scope::kAll;
    case Whose::kElsewheres:
      return false;
  }
  return false;
}

// What the matrix says of a call.
enum class Verdict { kDenied, kHidden, kOutOfReach, kAllowed };

struct Asked {
  const MethodDescriptor& method;
  const Reference& reference;
  const RoleUser& user;
  Whose whose;
};

Verdict VerdictOf(const Asked& asked) {
  const std::string permission = PermissionOf(asked.method);
  const Scope scope = asked.user.ScopeOf(permission);
  if (scope == Scope::kNone) return Verdict::kDenied;
  const bool reads = absl::EndsWith(permission, ".read");
  const Scope seen = asked.user.ScopeOf(PermissionOf(*asked.reference.kind->get));
  if (!Covers(reads ? std::min(seen, scope) : seen, asked.whose)) return Verdict::kHidden;
  if (Covers(scope, asked.whose) || IsOnlyLinked(asked.method, asked.reference)) {
    return Verdict::kAllowed;
  }
  return Verdict::kOutOfReach;
}

struct Told {
  Answer answer;
  bool wrote = false;

  grpc::StatusCode code() const { return answer.status.error_code(); }
  // All that it says, with the name taken out, and that of the record under which it stands.
  std::string Said(const std::string& name, const Reference& reference) const {
    const std::string record =
        reference.below.empty() ? name : name.substr(0, name.find("/" + reference.below + "/"));
    return absl::StrReplaceAll(
        absl::StrCat(code(), " ", answer.reason(), " ", answer.status.error_message(), " ",
                     answer.status.error_details(), " ", answer.response->DebugString()),
        {{name, "NAME"}, {record, "RECORD"}});
  }
};

class AccessMatrix : public ::testing::Test {
 protected:
  Told Ask(const Asked& asked, const std::string& name) {
    const MessagePtr request = world_.RequestOf(asked.method, asked.reference, asked.user);
    SetReference(*request, asked.reference.path, name);
    const auto& log = world_.world.server.runtime().log;
    const Position before = log.head();
    Told told;
    told.answer =
        world_.world.CallWith(AccessWorld::KeyOf(asked.user, asked.whose), asked.method, *request);
    told.wrote = log.head() != before;
    if (told.wrote) world_.Forget(name, asked.user);
    return told;
  }

  void Judge(const Asked& asked) {
    const std::string name = world_.RecordOf(asked.reference, asked.whose, asked.user);
    if (name.empty()) return;
    const Verdict verdict = VerdictOf(asked);
    const Told told = Ask(asked, name);
    const bool is_admin = asked.user.role == world_.users().front().role;
    if (is_admin && asked.whose != Whose::kElsewheres) everything_[asked.whose] = told;
    ++(verdict == Verdict::kAllowed ? allowed_ : refused_)[asked.user.role->name()];
    std::string wrong;
    switch (verdict) {
      case Verdict::kDenied:
        wrong = WrongWithDenied(asked, told);
        break;
      case Verdict::kHidden:
        wrong = WrongWithHidden(asked, told, name);
        break;
      case Verdict::kOutOfReach:
        wrong = WrongWithOutOfReach(asked, told);
        break;
      case Verdict::kAllowed:
        wrong = WrongWithAllowed(asked, told);
        break;
    }
    if (told.code() == grpc::StatusCode::INVALID_ARGUMENT) wrong = "the request is none";
    if (wrong.empty()) return;
    const std::string place = absl::StrCat(asked.method.full_name(), " ", asked.reference.path,
                                           ": ", asked.reference.kind->pattern, " ", wrong);
    if (!told_.insert(place).second) return;
    ADD_FAILURE() << place << "; " << asked.user.role->name() << " of " << NameOf(asked.whose)
                  << " record was told " << told.code() << " " << told.answer.reason() << " "
                  << told.answer.status.error_message() << (told.wrote ? ", and wrote" : "");
  }

  static std::string WrongWithDenied(const Asked& asked, const Told& told) {
    if (told.wrote || told.answer.reason() != "PERMISSION_DENIED") return "is not denied";
    if (told.answer.metadata("permission") != PermissionOf(asked.method)) {
      return "is denied for another permission";
    }
    return "";
  }
  std::string WrongWithHidden(const Asked& asked, const Told& told, const std::string& name) {
    if (told.wrote) return "is hidden and written";
    const std::string nobody = AccessWorld::NobodyOf(asked.reference);
    const Told none = Ask(asked, nobody);
    if (told.Said(name, asked.reference) != none.Said(nobody, asked.reference)) {
      return "is hidden, and told of";
    }
    if (told.code() == grpc::StatusCode::NOT_FOUND) return "";
    const bool reads_many = told.answer.ok() && absl::EndsWith(PermissionOf(asked.method), ".read");
    if (reads_many || IsToldAnybody(asked, told)) return "";
    return "is hidden, and the request refused for something else";
  }
  std::string WrongWithOutOfReach(const Asked& asked, const Told& told) {
    if (told.wrote) return "is out of reach, and written";
    if (told.answer.reason() == "PERMISSION_DENIED") return "";
    return IsToldAnybody(asked, told) ? "" : "is out of reach, and not denied";
  }
  std::string WrongWithAllowed(const Asked& asked, const Told& told) {
    if (told.answer.reason() == "PERMISSION_DENIED") {
      // It may need another permission besides, which the role does not have so far.
      const std::string besides = told.answer.metadata("permission");
      const bool is_missing = !besides.empty() && besides != PermissionOf(asked.method) &&
                              !Covers(asked.user.ScopeOf(besides), asked.whose);
      return is_missing ? "" : "is allowed, and denied";
    }
    if (told.code() != grpc::StatusCode::NOT_FOUND) return "";
    return IsToldAnybody(asked, told) ? "" : "is allowed, and not found";
  }
  // Whether whoever may do everything is told the same of such a record; of another workspace's, of
  // one in theirs.
  bool IsToldAnybody(const Asked& asked, const Told& told) const {
    const auto found =
        everything_.find(asked.whose == Whose::kElsewheres ? Whose::kOthers : asked.whose);
    return found != everything_.end() && !(found->second.answer.ok() && found->second.wrote) &&
           found->second.answer.reason() == told.answer.reason();
  }

  AccessWorld world_;
  std::map<Whose, Told> everything_;    // what the admin is told with the method that is asked
  std::map<std::string, int> allowed_;  // by role
  std::map<std::string, int> refused_;
  std::set<std::string> told_;
};

TEST_F(AccessMatrix, HoldsForEveryMethodThatNamesARecord) {
  std::set<std::string> asked;
  for (const auto& [full_name, bound] : world_.world.server.methods().methods()) {
    const MethodDescriptor& method = *bound->method().descriptor;
    const References references = ReferencesIn(*method.input_type());
    EXPECT_TRUE(references.unknown.empty())
        << full_name << ": say in references.cc what records "
        << absl::StrJoin(references.unknown, ", ") << " may name";
    EXPECT_EQ(IsStream(method), Streams().contains(method.name())) << full_name;
    if (IsStream(method) || PermissionOf(method).empty()) continue;
    for (const Reference& reference : references.found) {
      if (IsNotPutTo(method, reference)) continue;
      asked.insert(full_name);
      everything_.clear();
      for (const RoleUser& user : world_.users()) {
        for (const Whose whose : kAllWhose) Judge({method, reference, user, whose});
      }
    }
  }
  int allowed = 0;
  int refused = 0;
  for (const RoleUser& user : world_.users()) {
    const std::string& role = user.role->name();
    std::printf("%s: %d allowed, %d refused\n", role.c_str(), allowed_[role], refused_[role]);
    allowed += allowed_[role];
    refused += refused_[role];
  }
  std::printf("%d methods: %d allowed, %d refused\n", static_cast<int>(asked.size()), allowed,
              refused);
  EXPECT_GT(asked.size(), 200U);
  EXPECT_GT(allowed, 3'000);
  EXPECT_GT(refused, 3'000);
}

// Whose a record of some kinds is, the server alone says: who may ask for one of these at all, asks
// for all.
TEST(AccessMatrixKinds, ArePutToTheWholeQuestion) {
  for (const Kind* const kind : KindsThat(BelongsToSomebody)) {
    if (!RulesOf(FieldOf(*kind->resource, "owner")).output_only()) continue;
    for (const roles::v1::Role& role : BuiltInRoles()) {
      const Scope scope = ScopeOf(GrantsOf(role).permissions, PermissionOf(*kind->get));
      EXPECT_TRUE(scope == Scope::kNone || scope == Scope::kAll)
          << kind->pattern << " " << role.name();
    }
  }
}

}  // namespace
}  // namespace kith::testing
