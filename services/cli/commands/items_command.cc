// `kith <collection> <verb> FILE`: any method that takes a stream of items, fed with JSON lines.
#include <deque>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "google/rpc/status.pb.h"
#include "services/cli/calls/request.h"
#include "services/cli/commands/commands.h"
#include "services/cli/text/fields.h"
#include "services/cli/text/render.h"
#include "services/cli/text/server_error.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// An item's request id is made of its place in its message. So a message always holds as many items
// but for the last, whatever is in them: mended and sent again, the others keep their ids.
constexpr int kMessageItems = 50;

class ItemsRun {
 public:
  ItemsRun(Session& session, const Method& method, std::istream& in, std::string request_id)
      : session_(session),
        method_(method),
        in_(in),
        request_id_(std::move(request_id)),
        request_(NewMessage(*method.descriptor->input_type())) {
    for (const FieldDescriptor* field : ColumnsOf(*method.results->message_type())) {
      if (field != Field("message_index") && field != Field("item_index") &&
          field != Field("status")) {
        columns_.push_back(field);
      }
    }
    table_.AddColumn("LINE", TextTable::Align::kRight);
    for (const FieldDescriptor* column : columns_) AddColumn(column, &table_);
    table_.AddColumn("REFUSED", TextTable::Align::kLeft, /*may_cut=*/false);
  }

  absl::Status Send() {
    const absl::Status status = session_.client().Exchange(
        method_, [this] { return NextMessage(); },
        [this](std::unique_ptr<Message> answer) { Keep(std::move(answer)); });
    if (!status.ok()) return Interrupted(status);
    return defect_;
  }

  absl::Status Summarise() {
    if (!session_.options().json && !table_.empty()) {
      table_.Print(style_.width, session_.out());
    }
    if (refused_ == 0) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(FormatCount(refused_), " of ",
                                                      FormatCount(told_), " items ",
                                                      refused_ == 1 ? "was" : "were", " refused"));
  }

 private:
  // A line that was sent, and what is wrong with it where it is no item.
  struct Line {
    int64_t number;
    std::string defect;
  };

  const FieldDescriptor* Field(const char* name) const {
    return method_.results->message_type()->FindFieldByName(name);
  }

  // The next lines as a message; null at the end of the stream.
  const Message* NextMessage() {
    request_->Clear();
    int items = 0;
    for (std::string text; items < kMessageItems && std::getline(in_, text);) {
      ++line_;
      if (absl::StripAsciiWhitespace(text).empty()) continue;
      AddItem(text);
      ++items;
    }
    if (items == 0) return nullptr;
    SetRequestId(request_.get(), absl::StrCat(request_id_, ".", messages_++));
    return request_.get();
  }

  // A line that is no item keeps its place, as an empty one, which the server refuses.
  void AddItem(const std::string& text) {
    Message* const item = request_->GetReflection()->AddMessage(request_.get(), method_.stream);
    const absl::Status parsed = ReadJson(text, item);
    if (!parsed.ok()) item->Clear();
    sent_.push_back({line_, std::string(parsed.message())});
  }

  // Answers come in any order and are told in that of the lines.
  void Keep(std::unique_ptr<Message> answer) {
    const Reflection& reflection = *answer->GetReflection();
    if (reflection.FieldSize(*answer, method_.results) == 0) return;
    const Message& first = reflection.GetRepeatedMessage(*answer, method_.results, 0);
    const int index = first.GetReflection()->GetInt32(first, Field("message_index"));
    answers_[index] = std::move(answer);
    for (auto next = answers_.find(taken_); next != answers_.end(); next = answers_.find(taken_)) {
      if (defect_.ok()) defect_ = Take(next->second.get());
      answers_.erase(next);
      ++taken_;
    }
  }

  // The next message's answer.
  absl::Status Take(Message* reply) {
    const Reflection& reflection = *reply->GetReflection();
    const int count = reflection.FieldSize(*reply, method_.results);
    for (int i = 0; i < count; ++i) {
      Message* const result = reflection.MutableRepeatedMessage(reply, method_.results, i);
      const Reflection& fields = *result->GetReflection();
      if (fields.GetInt32(*result, Field("item_index")) != i || sent_.empty()) {
        return absl::InternalError("a result is of no item that was sent");
      }
      const Line line = std::move(sent_.front());
      sent_.pop_front();
      fields.ClearField(result, Field("message_index"));
      fields.ClearField(result, Field("item_index"));
      if (!line.defect.empty()) {
        google::rpc::Status defect;
        defect.set_code(static_cast<int>(absl::StatusCode::kInvalidArgument));
        defect.set_message(line.defect);
        fields.MutableMessage(result, Field("status"))->CopyFrom(defect);
      }
      Tell(line.number, *result);
    }
    return absl::OkStatus();
  }

  void Tell(int64_t line, const Message& result) {
    const std::optional<absl::Status> refusal = RefusalIn(result);
    ++told_;
    if (refusal.has_value()) ++refused_;
    if (session_.options().json) {
      const std::string json = ToJson(result, false);
      session_.out() << "{\"line\":" << line << (json == "{}" ? "" : ",") << json.substr(1) << '\n';
      return;
    }
    std::vector<std::string> cells = {absl::StrCat(line)};
    for (const FieldDescriptor* column : columns_) {
      cells.push_back(CellOf(result, column, style_));
    }
    cells.push_back(refusal.has_value() ? OneLine(*refusal) : "");
    table_.AddRow(std::move(cells));
  }

  std::optional<absl::Status> RefusalIn(const Message& result) const {
    if (!result.GetReflection()->HasField(result, Field("status"))) return std::nullopt;
    google::rpc::Status status;
    status.CopyFrom(result.GetReflection()->GetMessage(result, Field("status")));
    return ServerError(grpc::Status(static_cast<grpc::StatusCode>(status.code()), status.message(),
                                    status.SerializeAsString()),
                       "", /*with_key=*/true);
  }

  // What became of the items of a stream that broke off is not known.
  absl::Status Interrupted(const absl::Status& status) const {
    absl::Status told(status.code(),
                      absl::StrCat(status.message(), "\nWith --request-id ", request_id_,
                                   " the same file can be sent again: what was taken is not taken "
                                   "twice."));
    status.ForEachPayload([&told](absl::string_view type, const absl::Cord& payload) {
      told.SetPayload(type, payload);
    });
    return told;
  }

  Session& session_;
  const Method& method_;
  std::istream& in_;
  const std::string request_id_;
  std::vector<const FieldDescriptor*> columns_;
  const Style style_ = session_.StyleWith();
  TextTable table_;
  std::unique_ptr<Message> request_;
  std::deque<Line> sent_;                            // whose results are not told
  std::map<int, std::unique_ptr<Message>> answers_;  // by message, that came before their turn
  int taken_ = 0;                                    // messages whose answers are told
  absl::Status defect_;
  int64_t line_ = 0;
  int64_t messages_ = 0;
  int64_t told_ = 0;
  int64_t refused_ = 0;
};

}  // namespace

absl::Status RunItems(Session& session, const Method& method,
                      const std::vector<std::string>& words) {
  KITH_ASSIGN_OR_RETURN(Arguments arguments,
                        Arguments::Parse(words, [](absl::string_view) { return false; }));
  std::string request_id = arguments.Take("request_id").value_or(session.NewRequestId());
  KITH_RETURN_IF_ERROR(ExpectNothingLeft(arguments, 1));
  if (arguments.positional().empty()) {
    return absl::InvalidArgumentError(absl::StrCat("say what: kith ", method.collection, " ",
                                                   method.verb,
                                                   " FILE, or - for what is piped in"));
  }
  const std::string& path = arguments.positional()[0];
  std::ifstream file;
  if (path != "-") file.open(path, std::ios::binary);
  if (!file) return absl::InvalidArgumentError(absl::StrCat("cannot read ", path));
  ItemsRun run(session, method, path == "-" ? std::cin : file, std::move(request_id));
  KITH_RETURN_IF_ERROR(run.Send());
  return run.Summarise();
}

}  // namespace kith::cli
