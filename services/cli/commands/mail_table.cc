#include "services/cli/commands/mail_table.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "services/cli/text/text_table.h"

namespace kith::cli {
namespace {

using google::protobuf::FieldDescriptor;
using received_mails::v1::MailThreadItem;

// So much of a text tells what a mail is about.
constexpr int kTextWidth = 80;

// How the text begins, where the caller may read it.
std::string BeginningOf(const MailThreadItem& mail) {
  if (mail.interaction().redacted()) return "(redacted)";
  std::string text =
      mail.interaction().body().empty() ? mail.message().text() : mail.interaction().body();
  if (text.empty() && mail.interaction().erased()) return "(erased)";
  absl::RemoveExtraAsciiWhitespace(&text);
  return Shortened(text, kTextWidth);
}

}  // namespace

void PrintMails(Session& session, const google::protobuf::RepeatedPtrField<MailThreadItem>& mails,
                const Style& style) {
  const std::vector<const FieldDescriptor*> columns = ColumnsOf(*MailThreadItem::descriptor());
  TextTable table;
  for (const FieldDescriptor* const column : columns) AddColumn(column, &table);
  table.AddColumn("TEXT");
  for (const MailThreadItem& mail : mails) {
    std::vector<std::string> cells;
    for (const FieldDescriptor* const column : columns) {
      cells.push_back(CellOf(mail, column, style));
    }
    cells.push_back(BeginningOf(mail));
    table.AddRow(std::move(cells));
  }
  if (table.empty()) {
    session.out() << "Nothing found.\n";
    return;
  }
  table.Print(style.width, session.out());
}

}  // namespace kith::cli
