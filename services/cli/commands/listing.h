// Listing: the pages of a list, asked for one after the other.
#pragma once

#include <google/protobuf/message.h>

#include <limits>
#include <memory>
#include <ostream>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "kith/type/v1/list.pb.h"
#include "services/cli/calls/arguments.h"
#include "services/cli/calls/session.h"
#include "services/cli/text/render.h"

namespace kith::cli {

// How many items are wanted.
struct ListLimit {
  static constexpr int64_t kDefault = 100;
  static constexpr int64_t kAll = std::numeric_limits<int64_t>::max();
  int64_t items_max = kDefault;

  bool is_all() const { return items_max == kAll; }
};

// How a list is shown.
struct ListLook {
  std::vector<Path> columns;
  bool are_said = false;  // by --columns
  bool csv = false;
};

// Takes --columns and --csv off the arguments. Fails on a path that no item has. The
// server is asked which custom fields there are, where the caller may know it and a past moment is
// not asked for.
absl::StatusOr<ListLook> TakeLook(Session& session, const Method& method, Arguments* arguments);

// Takes --limit and --all off the arguments. Fails on a limit that is not a positive number.
absl::StatusOr<ListLimit> TakeLimit(Arguments* arguments);

// Whether it may be asked what the whole list has.
bool TakesSummary(const Method& list);

// Takes --total and --explain off the arguments, and asks for what they say.
void TakeSummary(const Method& list, Arguments* arguments);

// What the records are called that the items link to, and what the server says of the items when
// it is asked, where a column wants that.
CalledNames NamesFor(Session& session, const std::vector<Path>& columns,
                     const std::vector<const google::protobuf::Message*>& items,
                     const google::protobuf::Message& request);

// The pages of a list until its end, the limit, or until `visit` answers false. They show one
// moment, the first page's, which alone is asked for a summary. A list that is not asked for whole
// ends after a hundred empty pages, too, which is said on `err`.
using PageVisitor = absl::FunctionRef<bool(std::unique_ptr<google::protobuf::Message> page)>;
absl::Status ListPages(Session& session, const Method& method,
                       const google::protobuf::Message& request, ListLimit limit,
                       PageVisitor visit);

// One reply with the items of as many pages as the limit needs; its next_page_token is empty when
// nothing is left.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> ListItems(
    Session& session, const Method& method, const google::protobuf::Message& request,
    ListLimit limit);

// The items of a list's reply; they live as long as it.
std::vector<const google::protobuf::Message*> ItemsOf(const Method& method,
                                                      const google::protobuf::Message& reply);

// What is said of a whole list, for people.
void PrintSummary(const type::v1::ListSummary& summary, std::ostream& out);

// Prints the reply as JSON, or its items as a table or CSV, and where more are left says so on
// `err`.
void PrintList(Session& session, const Method& method, const ListLook& look,
               const google::protobuf::Message& request, const google::protobuf::Message& reply);

}  // namespace kith::cli
