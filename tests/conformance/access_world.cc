#include "tests/conformance/access_world.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "eventstore/base/check.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/type/date.pb.h"
#include "kith/deals/v1/pipelines_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/messages/v1/messages_service.grpc.pb.h"
#include "kith/teams/v1/teams_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/visitors/v1/sites_service.grpc.pb.h"
#include "kith/visitors/v1/visitors_service.grpc.pb.h"
#include "kith/webhooks/v1/webhooks_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "services/core/built_in_roles.h"

namespace kith::testing {
namespace {

using google::protobuf::DynamicCastToGenerated;
using roles::v1::Role;
using teams::v1::TeamsService;
using users::v1::UsersService;
using workspaces::v1::WorkspacesService;

// What requests need beyond the rules of their fields; some of them where one is named in a field.
const std::map<std::string, const char*>& Said() {
  static const auto& said = *new std::map<std::string, const char*>{
      {"kith.messages.v1.SendMessageRequest contact", "subject: 'Hello' text: 'How are you?'"},
      {"kith.messages.v1.SendMessageRequest deal", "subject: 'Hello' text: 'How are you?'"},
      {"kith.messages.v1.RecordMessageUnsubscribedRequest", "email: 'somebody@example.org'"},
      {"kith.tasks.v1.RescheduleTaskRequest", "due_time { seconds: 1800000000 }"},
      {"kith.interactions.v1.Interaction", "kind: NOTE"},
      {"kith.interactions.v1.AmendInteractionRequest",
       "interaction { kind: NOTE subject: 'Lunch' } update_mask { paths: 'subject' }"},
      {"kith.import_jobs.v1.ImportRecordRequest", "contact { first_name: 'Ada' }"},
      {"kith.captures.v1.ResolveCaptureReviewRequest", "resolution: NOBODY"},
      {"kith.captures.v1.ResolveCaptureReviewRequest contact", "resolution: EXISTING_CONTACT"},
      {"kith.deals.v1.LoseDealRequest", "reason: PRICING"},
      {"kith.meetings.v1.SendMeetingInvitationRequest",
       "contact: 'contacts/01J00000000000000000000000'"},
      {"kith.visitors.v1.PageView", "id: 'view' url: 'https://www.example.com/'"},
  };
  return said;
}

void Say(const std::string& what, Message& message) {
  const auto said = Said().find(what);
  if (said == Said().end()) return;
  const MessagePtr more = NewMessage(*message.GetDescriptor());
  KITH_CHECK(google::protobuf::TextFormat::ParseFromString(said->second, more.get()));
  message.MergeFrom(*more);
}

// What records need beyond the rules of their fields, for every method to have something to do.
const std::map<std::string, const char*>& SaidOfRecords() {
  static const auto& said = *new std::map<std::string, const char*>{
      {"assignmentRules/{assignment_rule}", "resource: 'leads'"},
      {"captureReviews/{capture_review}", "person { first_name: 'Ada' }"},
      {"contacts/{contact}", "emails { address: 'somebody@example.org' }"},
      {"forms/{form}",
       "fields { key: 'mail' label: 'Mail' kind: EMAIL required: true maps_to: 'contact.emails' }"},
      {"importJobs/{import_job}", "collection: 'contacts'"},
  };
  return said;
}

// In place of what the record has in these fields.
void SayOfRecord(const Kind& kind, Message& record) {
  const auto said = SaidOfRecords().find(kind.pattern);
  if (said == SaidOfRecords().end()) return;
  const MessagePtr more = NewMessage(*kind.resource);
  KITH_CHECK(google::protobuf::TextFormat::ParseFromString(said->second, more.get()));
  for (int i = 0; i < kind.resource->field_count(); ++i) {
    const std::string& field = kind.resource->field(i)->name();
    if (!IsSet(*more, field)) continue;
    ClearField(record, field);
  }
  record.MergeFrom(*more);
}

bool OwnersAreSet(const Kind& kind) {
  return !RulesOf(FieldOf(*kind.resource, "owner")).output_only();
}

std::string Text(const options::v1::FieldRules& rules) {
  switch (rules.format()) {
    case options::v1::FORMAT_EMAIL:
      return "somebody@example.org";
    case options::v1::FORMAT_URL:
      return "https://example.org/";
    case options::v1::FORMAT_COLLECTION:
      return "deals";
    case options::v1::FORMAT_TIME_ZONE:
      return "UTC";
    default:
      return "x";
  }
}

// A time, a length of time or a day; false where it is none of these.
bool FillWellKnown(Message& message) {
  if (auto* const time = DynamicCastToGenerated<google::protobuf::Timestamp>(&message)) {
    time->set_seconds(1'700'000'000);
  } else if (auto* const span = DynamicCastToGenerated<google::protobuf::Duration>(&message)) {
    span->set_seconds(3'600);
  } else if (auto* const date = DynamicCastToGenerated<google::type::Date>(&message)) {
    date->set_year(2090);
    date->set_month(1);
    date->set_day(1);
  } else {
    return false;
  }
  return true;
}

}  // namespace

absl::string_view NameOf(Whose whose) {
  switch (whose) {
    case Whose::kOwn:
      return "own";
    case Whose::kTeams:
      return "team's";
    case Whose::kOthers:
      return "other's";
    case Whose::kOwnDeleted:
      return "own deleted";
    case Whose::kTeamsDeleted:
      return "team's deleted";
    case Whose::kOthersDeleted:
      return "other's deleted";
    case Whose::kElsewheres:
      return "other workspace's";
  }
  KITH_UNREACHABLE();
}

AccessWorld::AccessWorld() {
  teams::v1::CreateTeamRequest team;
  team.mutable_team()->set_display_name("North");
  team_ = world.server.Call(&TeamsService::Stub::CreateTeam, team)->name();
  colleague_ = CreateUser(world.server.secret(), "", team_);
  stranger_ = CreateUser(world.server.secret(), "", "");
  FindStage();
  CreateSite();
  const std::string elsewhere = world.KeyOfAnotherWorkspace();
  for (const Role& role : BuiltInRoles()) users_.push_back(Join(role, elsewhere));
}

RoleUser AccessWorld::Join(const Role& role, const std::string& operator_elsewhere) {
  RoleUser joined{&role, GrantsOf(role), "", "", ""};
  joined.user = CreateUser(world.server.secret(), role.name(), team_);
  joined.key = CreateKey(world.server.secret(), joined.user);
  joined.key_elsewhere =
      CreateKey(operator_elsewhere, CreateUser(operator_elsewhere, role.name(), ""));
  return joined;
}

std::string AccessWorld::CreateUser(const std::string& secret, const std::string& role,
                                    const std::string& team) {
  users::v1::CreateUserRequest request;
  request.mutable_user()->set_display_name("Marta");
  if (!role.empty()) request.mutable_user()->add_roles(role);
  if (!team.empty()) request.mutable_user()->add_teams(team);
  const auto made = world.server.CallWith(secret, &UsersService::Stub::CreateUser, request);
  EXPECT_EQ(made.reason(), "") << role;
  return made->name();
}

std::string AccessWorld::CreateKey(const std::string& secret, const std::string& user) {
  workspaces::v1::CreateApiKeyRequest request;
  request.mutable_api_key()->set_display_name("Marta's");
  request.mutable_api_key()->set_user(user);
  request.mutable_api_key()->add_permissions("*");
  const auto made = world.server.CallWith(secret, &WorkspacesService::Stub::CreateApiKey, request);
  EXPECT_EQ(made.reason(), "");
  return made->secret();
}

void AccessWorld::FindStage() {
  deals::v1::GetPipelineRequest request;
  request.set_name("pipelines/default");
  const auto told = world.server.Call(&deals::v1::PipelinesService::Stub::GetPipeline, request);
  ASSERT_EQ(told.reason(), "");
  ASSERT_GT(told->stages_size(), 1);
  stage_ = told->stages(1).name();
}

void AccessWorld::CreateSite() {
  visitors::v1::CreateSiteRequest request;
  request.mutable_site()->set_display_name("Our site");
  request.mutable_site()->add_allowed_origins("https://www.example.com");
  const auto made = world.server.Call(&visitors::v1::SitesService::Stub::CreateSite, request);
  EXPECT_EQ(made.reason(), "");
  site_ = made->name();
}

std::string AccessWorld::RecordOf(const Reference& reference, Whose whose, const RoleUser& user) {
  const Kind& kind = *reference.kind;
  const bool is_deleted = whose == Whose::kOwnDeleted || whose == Whose::kTeamsDeleted ||
                          whose == Whose::kOthersDeleted;
  if (is_deleted && kind.remove == nullptr) return "";
  std::string owner = stranger_;
  if (whose == Whose::kOwn || whose == Whose::kOwnDeleted) owner = user.user;
  if (whose == Whose::kTeams || whose == Whose::kTeamsDeleted) owner = colleague_;
  if (!OwnersAreSet(kind)) owner = "";
  std::string& name =
      records_[absl::StrCat(kind.pattern, " ", reference.below, " ", owner, " ", is_deleted)];
  if (!name.empty()) return name;
  const std::string record = Make(kind, owner);
  name = reference.below.empty() ? record : MakeBelow(record, reference.below);
  if (!is_deleted) return name;
  const MessagePtr removal = world.Naming(*kind.remove, record);
  EXPECT_EQ(world.Call(*kind.remove, *removal).reason(), "") << record;
  return name;
}

std::string AccessWorld::NobodyOf(const Reference& reference) {
  const std::string record = reference.kind->Nobody();
  if (reference.below.empty()) return record;
  if (reference.below == "visits") return absl::StrCat(record, "/visits/1");
  return absl::StrCat(record, "/", reference.below, "/01J00000000000000000000000");
}

std::string AccessWorld::Make(const Kind& kind, const std::string& owner) {
  if (kind.pattern == "webhookDeliveries/{webhook_delivery}") return MakeDelivery();
  if (kind.create == nullptr) {
    ADD_FAILURE() << "Say how to make one of " << kind.pattern << ".";
    return "";
  }
  const MessagePtr resource = world.UnlinkedOf(kind, next_++);
  SayOfRecord(kind, *resource);
  if (OwnersAreSet(kind)) SetText(*resource, "owner", owner);
  if (kind.pattern == "deals/{deal}") SetText(*resource, "pipeline", "pipelines/default");
  if (kind.pattern == "visitors/{visitor}") SetText(*resource, "site", site_);
  const Answer made = world.CreateOf(kind, *resource);
  EXPECT_EQ(made.reason(), "") << kind.pattern << ": " << made.status.error_message();
  return TextOf(*made.response, "name");
}

std::string AccessWorld::MakeDelivery() {
  using webhooks::v1::WebhooksService;
  const Kind& webhooks = *KindOf("webhooks/{webhook}");
  const std::string webhook =
      TextOf(*world.CreateOf(webhooks, *world.UnlinkedOf(webhooks, next_++)).response, "name");
  webhooks::v1::RotateWebhookSecretRequest rotate;
  rotate.set_name(webhook);
  EXPECT_EQ(world.server.Call(&WebhooksService::Stub::RotateWebhookSecret, rotate).reason(), "");
  webhooks::v1::TestWebhookRequest test;
  test.set_name(webhook);
  const auto made = world.server.Call(&WebhooksService::Stub::TestWebhook, test);
  EXPECT_EQ(made.reason(), "") << made.status.error_message();
  return made->name();
}

std::string AccessWorld::MakeBelow(const std::string& record, const std::string& below) {
  if (below == "interactions") {
    interactions::v1::RecordInteractionRequest request;
    request.set_parent(record);
    request.mutable_interaction()->set_kind(interactions::v1::NOTE);
    const auto made =
        world.server.Call(&interactions::v1::InteractionsService::Stub::RecordInteraction, request);
    EXPECT_EQ(made.reason(), "");
    return made->name();
  }
  if (below == "messages") {
    messages::v1::SendMessageRequest request;
    request.set_contact(record);
    request.set_subject("Hello");
    request.set_text("How are you?");
    request.set_transactional(true);
    const auto made = world.server.Call(&messages::v1::MessagesService::Stub::SendMessage, request);
    EXPECT_EQ(made.reason(), "") << made.status.error_message();
    return made->name();
  }
  if (below == "visits") {
    visitors::v1::RecordPageViewsRequest request;
    request.set_name(record);
    request.set_site(site_);
    request.add_page_views()->set_id("view");
    request.mutable_page_views(0)->set_url("https://www.example.com/");
    EXPECT_EQ(
        world.server.Call(&visitors::v1::VisitorsService::Stub::RecordPageViews, request).reason(),
        "");
    return absl::StrCat(record, "/visits/1");
  }
  ADD_FAILURE() << "Say how to make one of " << below << " under " << record << ".";
  return "";
}

MessagePtr AccessWorld::RequestOf(const MethodDescriptor& method, const Reference& reference,
                                  const RoleUser& user) {
  MessagePtr request = NewMessage(*method.input_type());
  // A record is named there in any case, and so none needs to be made up.
  SetReference(*request, reference.path, NobodyOf(reference));
  Fill(*request, user);
  Say(absl::StrCat(method.input_type()->full_name(), " ", reference.path), *request);
  return request;
}

void AccessWorld::Forget(const std::string& name, const RoleUser& user) {
  std::erase_if(records_, [&](const auto& record) {
    return record.second == name || absl::StrContains(record.first, user.user);
  });
}

void AccessWorld::Fill(Message& message, const RoleUser& user) {
  const Descriptor& type = *message.GetDescriptor();
  Say(type.full_name(), message);
  if (type.FindFieldByName("update_mask") != nullptr) FillUpdate(message);
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (RulesOf(field).output_only() || field.is_map()) continue;
    if (field.name() == "requests" && IsSet(message, "requests")) {
      Fill(*message.GetReflection()->MutableRepeatedMessage(&message, &field, 0), user);
    } else if (RulesOf(field).required() && !IsSet(message, field.name())) {
      FillOne(message, field, user);
    }
  }
}

void AccessWorld::FillOne(Message& message, const FieldDescriptor& field, const RoleUser& user) {
  const auto& reflection = *message.GetReflection();
  const auto& rules = RulesOf(field);
  const int64_t count = std::max<int64_t>(1, rules.min());
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text = rules.resource_size() > 0 ? Linked(rules, user) : Text(rules);
      if (field.is_repeated()) return reflection.AddString(&message, &field, text);
      return reflection.SetString(&message, &field, text);
    }
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      Message& within = field.is_repeated() ? *reflection.AddMessage(&message, &field)
                                            : *reflection.MutableMessage(&message, &field);
      if (!FillWellKnown(within)) Fill(within, user);
      return;
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int value = field.enum_type()->value(1)->number();
      if (field.is_repeated()) return reflection.AddEnumValue(&message, &field, value);
      return reflection.SetEnumValue(&message, &field, value);
    }
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.SetInt32(&message, &field, static_cast<int32_t>(count));
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection.SetInt64(&message, &field, count);
    default:
      ADD_FAILURE() << "Say how to fill " << field.full_name() << ".";
  }
}

void AccessWorld::FillUpdate(Message& update) {
  const Descriptor& request = *update.GetDescriptor();
  const Kind* kind = nullptr;
  for (const Kind* const each : KindsThat(BelongsToSomebody)) {
    if (FieldOfType(request, *each->resource) != nullptr) kind = each;
  }
  if (kind == nullptr) return;
  MessagePtr& sample = samples_[kind];
  if (sample == nullptr) sample = world.UnlinkedOf(*kind, 1);
  // A text where there is one: it is another than the record's.
  const FieldDescriptor* changed = nullptr;
  for (int i = 0; i < kind->resource->field_count(); ++i) {
    const FieldDescriptor& field = *kind->resource->field(i);
    const auto& rules = RulesOf(field);
    const bool is_whose =
        field.name() == "owner" || field.name() == "viewers" || field.name() == "editors";
    if (rules.output_only() || rules.immutable() || rules.resource_size() > 0 || is_whose ||
        field.name() == "etag" || !IsSet(*sample, field.name())) {
      continue;
    }
    const bool is_text = field.type() == FieldDescriptor::TYPE_STRING && !field.is_repeated();
    if (changed == nullptr || is_text) changed = &field;
    if (is_text) break;
  }
  ASSERT_NE(changed, nullptr) << kind->pattern;
  Message& resource = MutableIn(update, FieldOfType(request, *kind->resource)->name());
  CopyField(*sample, resource, *changed);
  static_cast<google::protobuf::FieldMask&>(MutableIn(update, "update_mask"))
      .add_paths(changed->name());
}

std::string AccessWorld::Linked(const options::v1::FieldRules& rules, const RoleUser& user) {
  for (const std::string& pattern : rules.resource()) {
    if (pattern == "users/{user}") return user.user;
    if (pattern == "pipelines/{pipeline}/stages/{stage}") return stage_;
    if (pattern == "sites/{site}") return site_;
    const Kind* const kind = KindOf(pattern);
    if (kind == nullptr) continue;
    if (BelongsToSomebody(*kind)) {
      // Another than the one that the request is asked about.
      std::string& own = records_[absl::StrCat("linked ", kind->pattern, " ", user.user)];
      if (own.empty()) own = Make(*kind, user.user);
      return own;
    }
    std::string& shared = shared_[kind];
    if (!shared.empty() || kind->create == nullptr) return shared;
    const MessagePtr wanted = world.UnlinkedOf(*kind, next_++);
    SayOfRecord(*kind, *wanted);
    const Answer made = world.CreateOf(*kind, *wanted);
    EXPECT_EQ(made.reason(), "") << pattern;
    shared = TextOf(*made.response, "name");
    return shared;
  }
  return KindOf("contacts/{contact}")->Nobody();
}

}  // namespace kith::testing
