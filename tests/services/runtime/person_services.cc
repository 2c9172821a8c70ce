#include "tests/services/runtime/person_services.h"

#include <atomic>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "gtest/gtest.h"
#include "kith/contacts/v1/contacts_errors.pb.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "kith/events/v1/events_service.pb.h"
#include "kith/interactions/v1/interaction_events.pb.h"
#include "kith/interactions/v1/interactions_service.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "services/core/reject.h"
#include "tests/services/runtime/person.h"

namespace kith::runtime {
namespace {

using contacts::v1::Contact;
using contacts::v1::CreateContactRequest;
using contacts::v1::GetContactRequest;
using contacts::v1::ListContactsRequest;
using contacts::v1::ListContactsResponse;
using contacts::v1::UpdateContactRequest;
using events::v1::ReadEventsRequest;
using events::v1::ReadEventsResponse;
using events::v1::SubscribeEventsRequest;
using events::v1::SubscribeEventsResponse;
using interactions::v1::IngestInteractionsRequest;
using interactions::v1::IngestInteractionsResponse;

absl::Status NotFound(absl::string_view name) {
  return RejectResource(contacts::v1::CONTACTS_ERROR_CONTACT_NOT_FOUND, "No such person.", name);
}

// First names by resource name.
class PersonDirectory final : public projections::Projection {
 public:
  // Passes the gate at every event; null: none.
  PersonDirectory(absl::string_view name, Gate* gate) : name_(name), gate_(gate) {}

  static std::string KeyOf(WorkspaceId workspace, absl::string_view name) {
    return absl::StrCat(workspace.value(), "/", name);
  }

  absl::string_view name() const override { return name_; }
  int version() const override { return 1; }
  std::vector<std::string> categories() const override { return {"contacts"}; }
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const override {
    if (gate_ != nullptr) gate_->Pass();
    const auto& contact = static_cast<const contacts::v1::ContactEvent&>(*event.event);
    const std::string key = KeyOf(event.header().workspace, event.header().stream);
    if (contact.has_contact_created()) {
      batch.Put(key, contact.contact_created().personal().first_name());
    } else if (contact.has_contact_updated()) {
      batch.Put(key, contact.contact_updated().personal().first_name());
    } else {
      batch.Delete(key);
    }
    return absl::OkStatus();
  }

 private:
  const absl::string_view name_;
  Gate* const gate_;
};

void RenderPerson(absl::string_view name, const PersonState& state, Contact* response) {
  response->set_name(std::string(name));
  response->set_first_name(state.first_name);
  response->set_etag(state.etag);
}

class PersonCommands {
 public:
  Decision Run(Loader& load, const CreateContactRequest& command,
               const CommandContext& context) const {
    const std::string name = absl::StrCat("contacts/", context.ids.Next());
    load.ExpectAbsent(name);
    return Changes().Append(name, PersonCreated(name, command.contact().first_name()));
  }
  absl::Status Render(Rendering& after, const CreateContactRequest&, Contact* response) const {
    KITH_ASSIGN_OR_RETURN(const PersonState* state, after.LoadWritten<PersonAggregate>());
    RenderPerson(after.events().front().stream, *state, response);
    return absl::OkStatus();
  }

  Decision Run(Loader& load, const UpdateContactRequest& command, const CommandContext&) const {
    const std::string& name = command.contact().name();
    KITH_ASSIGN_OR_RETURN(const PersonState* state, load.Load<PersonAggregate>(name));
    if (!state->exists) return NotFound(name);
    KITH_RETURN_IF_ERROR(CheckEtag(command.contact().etag(), state->etag));
    return Changes().Append(name, PersonRenamed(name, command.contact().first_name()));
  }
  absl::Status Render(Rendering& after, const UpdateContactRequest& command,
                      Contact* response) const {
    const std::string& name = command.contact().name();
    KITH_ASSIGN_OR_RETURN(const PersonState* state, after.Load<PersonAggregate>(name));
    RenderPerson(name, *state, response);
    return absl::OkStatus();
  }

  Decision Run(Loader& load, const IngestInteractionsRequest::Item& item,
               const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const PersonState* state, load.Load<PersonAggregate>(item.parent()));
    if (!state->exists) return NotFound(item.parent());
    const std::string stream = absl::StrCat(item.parent(), "/interactions");
    interactions::v1::InteractionEvent event;
    auto* const recorded = event.mutable_interaction_recorded();
    recorded->set_name(absl::StrCat(stream, "/", context.ids.Next()));
    recorded->set_subject(item.parent());
    recorded->mutable_interaction()->set_kind(item.interaction().kind());
    return Changes().Append(stream, std::move(event));
  }
  absl::Status Render(Rendering& after, const IngestInteractionsRequest::Item&,
                      IngestInteractionsResponse::Result* result) const {
    const auto recorded = after.Event<interactions::v1::InteractionEvent>(0);
    result->set_name(recorded.event.interaction_recorded().name());
    return absl::OkStatus();
  }
};

absl::Status Get(const ReadContext& context, const GetContactRequest& request, Contact* response) {
  KITH_ASSIGN_OR_RETURN(
      const auto first_name,
      context.view().Get(PersonDirectory::KeyOf(context.workspace(), request.name()),
                         context.tier));
  if (!first_name.has_value()) return NotFound(request.name());
  response->set_name(request.name());
  response->set_first_name(*first_name);
  return absl::OkStatus();
}

// What each of two views has of the persons, as one contact of it.
absl::Status GetFromBoth(const ReadContext& context,
                         const contacts::v1::BatchGetContactsRequest& request,
                         contacts::v1::BatchGetContactsResponse* response) {
  for (size_t i = 0; i < context.snapshots.size(); ++i) {
    Contact& contact = *response->add_contacts();
    for (const std::string& name : request.names()) {
      KITH_ASSIGN_OR_RETURN(
          const auto first_name,
          context.view(i).Get(PersonDirectory::KeyOf(context.workspace(), name), context.tier));
      if (first_name.has_value()) contact.add_tags(*first_name);
    }
  }
  return absl::OkStatus();
}

// Counts to the limit asked for, and fails after 1,000.
class Counting final : public StreamSource<ReadEventsResponse> {
 public:
  explicit Counting(int64_t limit) : limit_(limit) {}
  absl::StatusOr<Next> Fill(ReadEventsResponse* response) override {
    response->Clear();
    if (sent_ == limit_) return Next::kEnd;
    if (sent_ == 1'000) return absl::DataLossError("a damaged record");
    response->add_events()->set_sequence(++sent_);
    return Next::kMessage;
  }

 private:
  const int64_t limit_;
  int64_t sent_ = 0;
};

// One message, then silence.
class Silent final : public StreamSource<SubscribeEventsResponse> {
 public:
  absl::StatusOr<Next> Fill(SubscribeEventsResponse* response) override {
    if (std::exchange(begun_, true)) return Next::kIdle;
    response->Clear();
    response->mutable_caught_up()->set_sequence(1);
    return Next::kMessage;
  }
  absl::Duration IdleMax() const override { return absl::Hours(1); }

 private:
  bool begun_ = false;
};

absl::StatusOr<std::unique_ptr<StreamSource<ReadEventsResponse>>> Count(
    const CallerContext&, const ReadEventsRequest& read) {
  return std::make_unique<Counting>(read.limit());
}

absl::StatusOr<std::unique_ptr<StreamSource<SubscribeEventsResponse>>> BeSilent(
    const CallerContext&, const SubscribeEventsRequest&) {
  return std::make_unique<Silent>();
}

// Methods of the service that no test has a use for.
void RefuseOthersOf(const google::protobuf::Descriptor& request, MethodTable& methods) {
  const google::protobuf::ServiceDescriptor& service = *request.file()->service(0);
  for (int i = 0; i < service.method_count(); ++i) {
    if (methods.IsBound(*service.method(i))) continue;
    methods.Answer(
        MethodTaking(service.method(i)->input_type()), ReadKind::kPoint,
        [](const ReadContext&, const google::protobuf::Message&, google::protobuf::Message*) {
          return absl::UnimplementedError("not of this server");
        });
  }
}

// Looks at the view again and again, until that is refused.
absl::Status ScanForever(const ReadContext& context) {
  const auto range = projections::KeyRange::Prefix("");
  absl::Status status;
  while (status.ok()) status = context.view().Scan(range, [](auto, auto) { return true; });
  EXPECT_TRUE(absl::IsCancelled(status) || IsError(status, type::v1::ERROR_SHUTTING_DOWN))
      << status;
  return status;
}

void BindMethods(MethodTable& methods, Gate& list_gate) {
  methods.Command<CreateContactRequest, Contact>(PersonCommands());
  methods.Command<UpdateContactRequest, Contact>(PersonCommands());
  methods.Batch(MethodOf<contacts::v1::BatchCreateContactsRequest>());
  methods.Read("person_directory", ReadKind::kPoint, Get);
  methods.Read("person_directory", ReadKind::kScan,
               [&list_gate](const ReadContext& context, const ListContactsRequest& request,
                            ListContactsResponse* response) {
                 list_gate.Pass();
                 // As many as are asked for, of a kilobyte each.
                 for (int i = 0; i < request.page_size(); ++i) {
                   response->add_contacts()->set_notes(std::string(1'000, 'n'));
                 }
                 return request.filter() == "forever" ? ScanForever(context) : absl::OkStatus();
               });
  methods.Read({"person_names", "person_directory"}, ReadKind::kScan, GetFromBoth);
  RefuseOthersOf(*GetContactRequest::descriptor(), methods);

  methods.Ingest<IngestInteractionsRequest, IngestInteractionsResponse>(PersonCommands());
  RefuseOthersOf(*IngestInteractionsRequest::descriptor(), methods);

  methods.Stream(Count);
  methods.Stream(BeSilent);
}

// Callers that are fixed.
class FixedAuthorizer final : public Authorizer {
 public:
  FixedAuthorizer() {
    Add("owner", WorkspaceId(1), "*");
    Add("reader", WorkspaceId(1), "*.read");
    Add("stranger", WorkspaceId(2), "*");
  }
  std::shared_ptr<const Caller> Authenticate(absl::string_view credentials) const override {
    const auto found = callers_.find(credentials);
    return found == callers_.end() ? nullptr : found->second;
  }
  std::shared_ptr<const Caller> CallerOfKey(WorkspaceId, absl::string_view key) const override {
    return Authenticate(absl::StripPrefix(key, "apiKeys/"));
  }
  absl::StatusOr<std::shared_ptr<const Caller>> CallerOfUser(
      const TokenClaims& claims) const override {
    auto caller = std::make_shared<Caller>(*callers_.at("owner"));
    caller->workspace = claims.workspace;
    caller->grants = claims.grants;
    caller->expire_time = claims.expire_time;
    caller->has_token = true;
    return caller;
  }
  absl::StatusOr<std::shared_ptr<const Caller>> OnBehalfOf(std::shared_ptr<const Caller> caller,
                                                           absl::string_view) const override {
    return caller;
  }
  std::shared_ptr<const Caller> CallerOfPolicy(WorkspaceId workspace,
                                               absl::string_view policy) const override {
    auto caller = std::make_shared<Caller>();
    caller->workspace = workspace;
    caller->actor = std::string(policy);
    caller->grants = Grants({"*"});
    caller->settings = std::make_shared<Settings>();
    return caller;
  }
  std::vector<WorkspaceId> WorkspacesBefore(int) const override { return {}; }
  void NoteUse(const Caller&, int64_t) const override {}
  uint64_t generation() const override { return 0; }  // nobody's credentials change
  absl::StatusOr<std::shared_ptr<const Settings>> SettingsAt(WorkspaceId, Position,
                                                             eventstore::ReadTier) const override {
    return std::make_shared<const Settings>();
  }

 private:
  void Add(const std::string& credentials, WorkspaceId workspace, const std::string& grant) {
    callers_[credentials] = std::make_shared<Caller>(Caller{workspace, credentials, Grants({grant}),
                                                            std::make_shared<Settings>(),
                                                            std::make_shared<KeyUsage>()});
  }
  absl::flat_hash_map<std::string, std::shared_ptr<const Caller>> callers_;
};

}  // namespace

void RegisterPersons(ServerBuilder& server, Gate& list_gate, Gate& view_gate) {
  server.RegisterEvents<contacts::v1::ContactEvent>("contacts");
  server.RegisterEvents<interactions::v1::InteractionEvent>("interactions");
  server.AddProjection(std::make_unique<PersonDirectory>("person_directory", &view_gate));
  server.AddProjection(std::make_unique<PersonDirectory>("person_names", nullptr));
  server.UseAuthorizer([](Runtime&) -> absl::StatusOr<std::unique_ptr<Authorizer>> {
    return std::make_unique<FixedAuthorizer>();
  });
  server.Serve([&list_gate](Runtime&, MethodTable& methods) { BindMethods(methods, list_gate); });
}

}  // namespace kith::runtime
