// World: a whole server, and what the suite does to resources of one kind in it: standard calls,
// and resources that are made up from the rules of their fields.
//
// A made-up resource has a value in every field that a caller may set and that the resource's own
// rules let stand beside the others. Where a field links records, they are created. Those of
// different numbers have different values in every field.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/conformance/fields.h"
#include "tests/conformance/kind.h"
#include "tests/testing/test_server.h"

namespace kith::testing {

// What a call came to: `response` is its reply, empty where it failed.
using Answer = Reply<MessagePtr>;

// Where in time a read is asked: a field of ReadOptions as text, "token: '…'"; empty: now.
using Moment = std::string;

class World {
 public:
  explicit World(const Kind& kind);

  // Calls.
  Answer Call(const MethodDescriptor& method, const Message& request) {
    return CallWith(server.secret(), method, request);
  }
  Answer CallWith(const std::string& secret, const MethodDescriptor& method,
                  const Message& request);

  // Requests of the kind's methods, which it has.
  MessagePtr Creating(const Message& resource, const std::string& request_id = "") const;
  // An empty mask: none is sent.
  MessagePtr Updating(const Message& resource, const std::vector<std::string>& mask = {},
                      const std::string& request_id = "") const;
  // Of a method that takes a name: with "" nothing is sent.
  MessagePtr Naming(const MethodDescriptor& method, const std::string& name,
                    const Moment& moment = "") const;
  // Of a batch with these requests.
  MessagePtr Batching(const MethodDescriptor& method, const std::vector<MessagePtr>& requests,
                      bool partial = false, const std::string& request_id = "") const;

  Answer Create(const Message& resource, const std::string& request_id = "");
  Answer Get(const std::string& name, const Moment& moment = "");
  Answer Update(const Message& resource, const std::vector<std::string>& mask = {},
                const std::string& request_id = "");
  Answer Delete(const std::string& name, const std::string& etag = "",
                const std::string& request_id = "");
  Answer Undelete(const std::string& name, const std::string& etag = "",
                  const std::string& request_id = "");
  // All names of a list, page by page.
  std::vector<std::string> Names(const MethodDescriptor& list, int page_size = 1'000,
                                 const Moment& moment = "");
  std::vector<std::string> Live(const Moment& moment = "") {
    return Names(*kind.list, 1'000, moment);
  }

  // Made up.
  MessagePtr Sample(int number);
  // Whether its made-up values of the field are refused, and no sample has them.
  bool LeavesOut(const std::string& field) const { return Unfit(kind).contains(field); }
  // The same with no other links than those that it cannot be without.
  MessagePtr Unlinked(int number);
  // The same of another kind, and created.
  MessagePtr UnlinkedOf(const Kind& other, int number) {
    return SampleOf(other, number, Unfit(other), /*with_links=*/false);
  }
  Answer CreateOf(const Kind& other, const Message& resource);
  // Created from it: as it was answered.
  MessagePtr Made(int number);
  // To be compared: without what only reads tell. Of what was read the same as was `told` by a
  // command, which does not know what other records make of it.
  std::string Bytes(const Message& resource) const;
  std::string BytesAs(const Message& read, const Message& told) const;
  // Fields of a sample that an update may change.
  std::vector<const FieldDescriptor*> Changeable(const Message& sample) const;

  // What made-up roles grant.
  static const std::vector<std::string>& Permissions();
  // Another key of the workspace.
  std::string KeyGranting(const std::vector<std::string>& permissions);
  // The operator key of another workspace.
  std::string KeyOfAnotherWorkspace();

  TestServer server;
  const Kind& kind;

 private:
  // Fields whose made-up values the resource's own rules refuse.
  static const std::set<std::string>& Unfit(const Kind& kind);
  MessagePtr SampleOf(const Kind& other, int number, const std::set<std::string>& without,
                      bool with_links);
  void Fill(Message& message, int number, bool with_links);
  void FillOne(Message& message, const FieldDescriptor& field, int number, bool with_links);
  std::string Text(const FieldDescriptor& field, int number) const;
  // A record that fields may link, created when first asked for; empty where none can be.
  std::string Linked(const options::v1::FieldRules& rules, int number);

  std::map<std::pair<const Kind*, int>, std::string> linked_;
};

class ConformanceTest : public ::testing::TestWithParam<const Kind*> {
 protected:
  const Kind& kind() const { return *GetParam(); }
  std::string Called() const { return kind().Called(); }

  World world{*GetParam()};
};

// Of a test about a method that not every resource has.
#define KITH_NEEDS(method) \
  if ((method) == nullptr) GTEST_SKIP() << "it has no such method"

}  // namespace kith::testing
