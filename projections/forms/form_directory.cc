#include "projections/forms/form_directory.h"

#include "eventstore/base/normalise.h"

namespace kith::forms {

using projections::Table;
using projections::TableBuilder;

const Table<v1::Form>& FormDirectory::Forms() {
  static const auto& table =
      *new Table<v1::Form>(TableBuilder<v1::Form>(1)
                               .Key([](const v1::Form& form) { return form.name(); })
                               .Words([](const v1::Form& form, projections::WordSink& out) {
                                 out.Add(form.display_name());
                               })
                               .Field("display_name", {.normalise = FoldedName})
                               .Alias()
                               .Field("owner")
                               .Field("create_time")
                               .Index(1, {"display_name"})
                               .Index(2, {"owner", "display_name"})
                               .Index(3, {"create_time"})
                               .Index(4, {"words"})
                               .Build());
  return table;
}

}  // namespace kith::forms
