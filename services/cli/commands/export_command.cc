// `kith export`: everything a list has, page after page, as a file for other programs.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/message.h"
#include "kith/contacts/v1/contact.pb.h"
#include "kith/export_jobs/v1/export_jobs_service.pb.h"
#include "services/cli/calls/request.h"
#include "services/cli/commands/commands.h"
#include "services/cli/commands/destination.h"
#include "services/cli/commands/listing.h"
#include "services/cli/commands/saved_list.h"
#include "services/cli/commands/short_links.h"
#include "services/cli/text/render.h"
#include "services/cli/text/values.h"
#include "services/cli/text/vcard.h"

namespace kith::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

enum class Format { kJsonLines, kCsv, kCard3, kCard4 };

absl::StatusOr<Format> FormatOf(const std::string& text, const Method& list) {
  if (text.empty() || text == "jsonl") return Format::kJsonLines;
  if (text == "csv") return Format::kCsv;
  if (text != "vcard" && text != "vcard3") {
    return absl::InvalidArgumentError(
        absl::StrCat("--format: \"", text, "\" is none of jsonl, csv, vcard and vcard3"));
  }
  if (list.items->message_type() != contacts::v1::Contact::descriptor()) {
    return absl::InvalidArgumentError("--format: contacts are what cards are made of");
  }
  return text == "vcard" ? Format::kCard4 : Format::kCard3;
}

export_jobs::v1::ExportFormat ToldFormat(Format format) {
  switch (format) {
    case Format::kJsonLines:
      return export_jobs::v1::JSON_LINES;
    case Format::kCsv:
      return export_jobs::v1::CSV;
    case Format::kCard3:
      return export_jobs::v1::VCARD3;
    case Format::kCard4:
      return export_jobs::v1::VCARD4;
  }
  KITH_UNREACHABLE();
}

// Whether the list is limited to some records.
bool IsFiltered(const Message& request) {
  const auto* const filter = request.GetDescriptor()->FindFieldByName("filter");
  return filter != nullptr && !request.GetReflection()->GetString(request, filter).empty();
}

// Tells the server what is taken out; refused where the caller may take nothing out. Answers the
// name of the export job.
absl::StatusOr<std::string> Begin(Session& session, const std::string& collection,
                                  const std::string& path, Format format, const Message& list) {
  export_jobs::v1::CreateExportJobRequest request;
  export_jobs::v1::ExportJob& job = *request.mutable_export_job();
  job.set_display_name(path.empty() ? collection : path.substr(path.rfind('/') + 1));
  job.set_collection(CamelCase(collection));
  job.set_format(ToldFormat(format));
  job.set_filtered(IsFiltered(list));
  KITH_ASSIGN_OR_RETURN(const auto reply,
                        session.Call(session.Require("export-jobs", "create"), request));
  return google::protobuf::DynamicCastToGenerated<export_jobs::v1::ExportJob>(&*reply)->name();
}

absl::Status End(Session& session, const std::string& job, export_jobs::v1::ExportState state,
                 int64_t count) {
  export_jobs::v1::UpdateExportJobRequest request;
  request.mutable_export_job()->set_name(job);
  request.mutable_export_job()->set_state(state);
  request.mutable_export_job()->set_row_count(count);
  return session.Call(session.Require("export-jobs", "update"), request).status();
}

// Beside each link a column of what people call the record, also of those within a field's parts.
std::vector<Path> WithNames(const std::vector<Path>& columns) {
  std::vector<Path> named;
  for (const Path& column : columns) {
    named.push_back(column);
    const FieldDescriptor& field = *column.fields.back();
    if (IsLink(field)) {
      Path& called = named.emplace_back(column);
      called.is_called = true;
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field.is_map()) {
      for (int i = 0; i < field.message_type()->field_count(); ++i) {
        if (!IsLink(*field.message_type()->field(i))) continue;
        Path& called = named.emplace_back(column);
        called.fields.push_back(field.message_type()->field(i));
        called.is_called = true;
      }
    }
  }
  return named;
}

void Write(const std::vector<const Message*>& items, Format format, std::ostream& out) {
  for (const Message* const item : items) {
    if (format == Format::kJsonLines) {
      out << ToJson(*item, false) << '\n';
    } else {
      PrintCard(*google::protobuf::DynamicCastToGenerated<contacts::v1::Contact>(item),
                format == Format::kCard3 ? CardVersion::k3 : CardVersion::k4, out);
    }
  }
}

}  // namespace

absl::Status RunExport(Session& session, const std::vector<std::string>& words) {
  if (words.empty()) {
    return absl::InvalidArgumentError("say what: kith export contacts --format csv");
  }
  const Method* const list = session.catalog().Find(words[0], "list");
  if (list == nullptr || list->items == nullptr) {
    std::vector<std::string> known;
    for (const auto& [collection, methods] : session.catalog().collections()) {
      if (session.catalog().Find(collection, "list") != nullptr) known.push_back(collection);
    }
    return absl::InvalidArgumentError(
        absl::StrCat("there is no list of ", words[0], DidYouMean(words[0], known, "")));
  }
  KITH_ASSIGN_OR_RETURN(Arguments arguments, ParseFor(*list, {words.begin() + 1, words.end()}, {}));
  KITH_ASSIGN_OR_RETURN(const Format format,
                        FormatOf(arguments.Take("format").value_or(""), *list));
  Destination destination(arguments.Take("output").value_or(""));
  if (format == Format::kCsv) arguments.Add({"csv", "true"});
  KITH_ASSIGN_OR_RETURN(ListLook look, TakeLook(session, *list, &arguments));
  if (!look.are_said && !session.options().ids) look.columns = WithNames(look.columns);
  if (look.are_said && format != Format::kCsv) {
    return absl::InvalidArgumentError("--columns: only CSV has columns");
  }
  const std::optional<std::string> view =
      TakesSavedView(*list) ? arguments.Take("view") : std::nullopt;
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> request, BuildRequest(*list, arguments));
  KITH_RETURN_IF_ERROR(ShortLinks(session).Complete(request.get()));
  if (view.has_value()) {
    KITH_RETURN_IF_ERROR(ApplySavedView(session, *list, *view, request.get()).status());
  }
  KITH_RETURN_IF_ERROR(destination.Open());
  KITH_ASSIGN_OR_RETURN(const std::string job,
                        Begin(session, words[0], destination.path(), format, *request));
  std::ostream& out = destination.Stream(session.out());
  if (format == Format::kCsv) PrintCsvHeader(look.columns, out);
  int64_t count = 0;
  const absl::Status listed =
      ListPages(session, *list, *request, {ListLimit::kAll}, [&](std::unique_ptr<Message> page) {
        const auto items = ItemsOf(*list, *page);
        if (format == Format::kCsv) {
          PrintCsvRows(items, look.columns, out, NamesFor(session, look.columns, items, *request));
        } else {
          Write(items, format, out);
        }
        count += static_cast<int64_t>(items.size());
        return out.good();
      });
  const absl::Status written = listed.ok() ? destination.Close(session.out()) : listed;
  const absl::Status told =
      End(session, job, written.ok() ? export_jobs::v1::DONE : export_jobs::v1::FAILED, count);
  KITH_RETURN_IF_ERROR(written);
  KITH_RETURN_IF_ERROR(told);
  if (!destination.path().empty()) {
    session.err() << words[0] << ": " << FormatCount(count) << " exported\n";
  }
  return absl::OkStatus();
}

}  // namespace kith::cli
