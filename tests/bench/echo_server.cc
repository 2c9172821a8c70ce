// The bare echo: a gRPC callback server that answers Kith's hot calls with messages of the same
// types and bytes, and does nothing else. What `kith bench` measures against it is what gRPC itself
// costs on this machine.
//
// Usage: echo_server HOST:PORT KEY
//
// It asks the Kith server there once for what it answers, and answers the same from then on. Prints
// the port it listens on; ends on SIGINT and SIGTERM.

#include <signal.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "eventstore/base/check.h"
#include "grpcpp/grpcpp.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/deals/v1/pipelines_service.grpc.pb.h"
#include "kith/events/v1/events_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"

namespace kith {
namespace {

using contacts::v1::Contact;
using contacts::v1::ContactsService;
using deals::v1::Deal;
using deals::v1::DealsService;
using deals::v1::PipelinesService;
using events::v1::EventsService;
using events::v1::SubscribeEventsResponse;
using interactions::v1::Interaction;
using interactions::v1::InteractionsService;

// So many messages of a subscription are kept, from all over the log, and sent over and over.
constexpr size_t kMessagesMax = 64;
constexpr int kDealsMax = 1000;

// What the Kith server answered.
struct Answers {
  Contact contact;
  deals::v1::Pipeline pipeline;
  deals::v1::ListDealsResponse deals;
  std::vector<SubscribeEventsResponse> messages;
  SubscribeEventsResponse caught_up;
};

class Asker {
 public:
  Asker(const std::string& address, std::string key)
      : channel_(grpc::CreateChannel(address, grpc::InsecureChannelCredentials())),
        key_(std::move(key)) {}

  Answers Ask() {
    Answers answers;
    AskForContact(&answers.contact);
    AskForDeals(answers);
    AskForEvents(answers);
    return answers;
  }

 private:
  void Authorise(grpc::ClientContext* context) {
    context->AddMetadata("authorization", absl::StrCat("Bearer ", key_));
  }

  // The bench's contact of about the middle, as services/cli/load/load_subjects.cc makes it.
  void AskForContact(Contact* contact) {
    const auto stub = ContactsService::NewStub(channel_);
    contacts::v1::CreateContactRequest create;
    create.mutable_contact()->set_first_name("Bench");
    create.mutable_contact()->set_last_name("Contact 000500");
    create.mutable_contact()->add_emails()->set_address("bench000500@example.com");
    create.set_request_id("kith-bench-contact-000500");
    grpc::ClientContext creating;
    Authorise(&creating);
    KITH_CHECK(stub->CreateContact(&creating, create, contact).ok());
    contacts::v1::GetContactRequest get;
    get.set_name(contact->name());
    grpc::ClientContext getting;
    Authorise(&getting);
    KITH_CHECK(stub->GetContact(&getting, get, contact).ok());
  }

  void AskForDeals(Answers& answers) {
    deals::v1::GetPipelineRequest get;
    get.set_name("pipelines/default");
    grpc::ClientContext getting;
    Authorise(&getting);
    KITH_CHECK(
        PipelinesService::NewStub(channel_)->GetPipeline(&getting, get, &answers.pipeline).ok());
    deals::v1::ListDealsRequest list;
    list.set_page_size(kDealsMax);
    grpc::ClientContext listing;
    Authorise(&listing);
    KITH_CHECK(DealsService::NewStub(channel_)->ListDeals(&listing, list, &answers.deals).ok());
    answers.deals.clear_next_page_token();
  }

  void AskForEvents(Answers& answers) {
    grpc::ClientContext context;
    Authorise(&context);
    const auto reader = EventsService::NewStub(channel_)->SubscribeEvents(
        &context, events::v1::SubscribeEventsRequest());
    SubscribeEventsResponse message;
    size_t stride = 1;
    for (size_t seen = 0; reader->Read(&message) && !message.has_caught_up(); ++seen) {
      if (!message.has_events() || seen % stride != 0) continue;
      answers.messages.push_back(message);
      if (answers.messages.size() < kMessagesMax) continue;
      std::vector<SubscribeEventsResponse> thinned;
      for (size_t i = 0; i < answers.messages.size(); i += 2) {
        thinned.push_back(std::move(answers.messages[i]));
      }
      answers.messages = std::move(thinned);
      stride *= 2;
    }
    KITH_CHECK(message.has_caught_up());
    answers.caught_up = message;
    context.TryCancel();
    reader->Finish();
  }

  const std::shared_ptr<grpc::Channel> channel_;
  const std::string key_;
};

template <class Message>
grpc::ServerUnaryReactor* AnswerWith(const Message& answer, grpc::CallbackServerContext* rpc,
                                     Message* response) {
  *response = answer;
  auto* reactor = rpc->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

class EchoContacts final : public ContactsService::CallbackService {
 public:
  explicit EchoContacts(const Answers& answers) : answers_(answers) {}

 private:
  grpc::ServerUnaryReactor* CreateContact(grpc::CallbackServerContext* rpc,
                                          const contacts::v1::CreateContactRequest*,
                                          Contact* response) override {
    return Answer(rpc, response);
  }
  grpc::ServerUnaryReactor* GetContact(grpc::CallbackServerContext* rpc,
                                       const contacts::v1::GetContactRequest*,
                                       Contact* response) override {
    return Answer(rpc, response);
  }
  grpc::ServerUnaryReactor* UpdateContact(grpc::CallbackServerContext* rpc,
                                          const contacts::v1::UpdateContactRequest*,
                                          Contact* response) override {
    return Answer(rpc, response);
  }
  grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* rpc, Contact* response) const {
    return AnswerWith(answers_.contact, rpc, response);
  }

  const Answers& answers_;
};

class EchoPipelines final : public PipelinesService::CallbackService {
 public:
  explicit EchoPipelines(const Answers& answers) : answers_(answers) {}

 private:
  grpc::ServerUnaryReactor* GetPipeline(grpc::CallbackServerContext* rpc,
                                        const deals::v1::GetPipelineRequest*,
                                        deals::v1::Pipeline* response) override {
    return AnswerWith(answers_.pipeline, rpc, response);
  }

  const Answers& answers_;
};

class EchoDeals final : public DealsService::CallbackService {
 public:
  explicit EchoDeals(const Answers& answers) : answers_(answers) {
    if (answers.deals.deals().empty()) return;
    moved_ = answers.deals.deals(answers.deals.deals_size() / 2);
    // What a view knows and a command does not.
    moved_.clear_stage_intervals();
    moved_.clear_last_activity_time();
  }

 private:
  grpc::ServerUnaryReactor* ListDeals(grpc::CallbackServerContext* rpc,
                                      const deals::v1::ListDealsRequest*,
                                      deals::v1::ListDealsResponse* response) override {
    return AnswerWith(answers_.deals, rpc, response);
  }
  grpc::ServerUnaryReactor* MoveDeal(grpc::CallbackServerContext* rpc,
                                     const deals::v1::MoveDealRequest*, Deal* response) override {
    return AnswerWith(moved_, rpc, response);
  }

  const Answers& answers_;
  Deal moved_;
};

class EchoInteractions final : public InteractionsService::CallbackService {
  grpc::ServerUnaryReactor* RecordInteraction(
      grpc::CallbackServerContext* rpc, const interactions::v1::RecordInteractionRequest* request,
      Interaction* response) override {
    *response = request->interaction();
    response->set_name(absl::StrCat(request->parent(), "/interactions/01J00000000000000000000000"));
    response->mutable_occur_time()->set_seconds(1'790'000'000);
    response->mutable_occur_time()->set_nanos(123'456'000);
    *response->mutable_record_time() = response->occur_time();
    auto* reactor = rpc->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

// As many events as the Kith server has, then that they are all.
class EchoStream final : public grpc::ServerWriteReactor<SubscribeEventsResponse> {
 public:
  explicit EchoStream(const Answers& answers)
      : answers_(answers), left_(answers.caught_up.caught_up().sequence()) {
    WriteNext();
  }

 private:
  void WriteNext() {
    if (left_ <= 0) {
      caught_up_ = true;
      return StartWrite(&answers_.caught_up);
    }
    const SubscribeEventsResponse& message = answers_.messages[next_++ % answers_.messages.size()];
    left_ -= message.events().events_size();
    StartWrite(&message);
  }
  // After the last message it waits for the client to hang up, as Kith does.
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    if (!caught_up_) return WriteNext();
    if (resting_.exchange(true)) Finish(grpc::Status::OK);
  }
  void OnCancel() override {
    if (resting_.exchange(true)) Finish(grpc::Status::OK);
  }
  void OnDone() override { delete this; }

  const Answers& answers_;
  int64_t left_;
  size_t next_ = 0;
  bool caught_up_ = false;
  std::atomic<bool> resting_ = false;  // either nothing is being written, or the client is gone
};

class EchoEvents final : public EventsService::CallbackService {
 public:
  explicit EchoEvents(const Answers& answers) : answers_(answers) {}

 private:
  grpc::ServerWriteReactor<SubscribeEventsResponse>* SubscribeEvents(
      grpc::CallbackServerContext*, const events::v1::SubscribeEventsRequest*) override {
    return new EchoStream(answers_);
  }

  const Answers& answers_;
};

int Main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: echo_server HOST:PORT KEY\n");
    return 2;
  }
  // As kithd does, with what gRPC's mutexes would otherwise look for.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const Answers answers = Asker(argv[1], argv[2]).Ask();
  EchoContacts contacts(answers);
  EchoPipelines pipelines(answers);
  EchoDeals deals(answers);
  EchoInteractions interactions;
  EchoEvents events(answers);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&contacts);
  builder.RegisterService(&pipelines);
  builder.RegisterService(&deals);
  builder.RegisterService(&interactions);
  builder.RegisterService(&events);
  const auto server = builder.BuildAndStart();
  std::printf("echo is ready on 127.0.0.1:%d\n", port);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  server->Shutdown(std::chrono::system_clock::now());
  return 0;
}

}  // namespace
}  // namespace kith

int main(int argc, char** argv) { return kith::Main(argc, argv); }
