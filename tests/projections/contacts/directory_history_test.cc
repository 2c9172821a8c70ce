// Goal: whatever happens to contacts, the directory finds whom a fold by hand finds, at the end and
// as of a moment in between; and a rebuilt view equals the live one (ViewSpec::Then). Method:
// random histories; the seed is printed when one fails.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "projections/contacts/contact_directory.h"
#include "tests/projections/contacts/contact_events.h"
#include "tests/testing/histories.h"
#include "tests/testing/view_spec.h"

namespace kith::contacts {
namespace {

using testing::ViewSpec;

const char* const kAddresses[] = {"a@example.org", "b@example.org", "c@example.org"};
const char* const kOwners[] = {"", "users/1", "users/2"};

// The live contacts, by name.
using Model = std::map<std::string, v1::Contact>;

// One random step: which contact, what happens to it, and with which values.
struct Step {
  int contact;
  int what;
  int value;
};

rc::Gen<Step> AnyStep() {
  return rc::gen::build<Step>(rc::gen::set(&Step::contact, rc::gen::inRange(0, 4)),
                              rc::gen::set(&Step::what, rc::gen::inRange(0, 6)),
                              rc::gen::set(&Step::value, rc::gen::inRange(0, 100)));
}

void showValue(const Step& step, std::ostream& out) {
  out << "{contact " << step.contact << ", what " << step.what << ", value " << step.value << "}";
}

v1::Contact WithValues(v1::Contact contact, int value) {
  contact.set_display_name(absl::StrCat("Name ", value % 7));
  contact.set_owner(kOwners[value % 3]);
  contact.set_lifecycle_stage(value % 2 == 0 ? v1::LEAD : v1::CUSTOMER);
  return WithEmails(std::move(contact), {kAddresses[value % 3], kAddresses[value / 3 % 3]});
}

// Appends what the step asks for and changes the model alike.
void Take(const Step& step, ViewSpec& spec, Model& model) {
  const std::string name = absl::StrCat("contacts/", step.contact);
  const auto found = model.find(name);
  if (found == model.end()) {
    model[name] = WithValues(ContactIn(name, ""), step.value);
    spec.Given(name, Created(model[name]));
    return;
  }
  v1::Contact& contact = found->second;
  const v1::Contact wanted = WithValues(contact, step.value);
  switch (step.what) {
    case 0:
      spec.Given(name, Deleted(name));
      model.erase(found);
      return;
    case 1:
      spec.Given(name, Updated(wanted, {"emails"}));
      *contact.mutable_emails() = wanted.emails();
      return;
    case 2:
      spec.Given(name, Updated(wanted, {"owner", "lifecycle_stage"}));
      contact.set_owner(wanted.owner());
      contact.set_lifecycle_stage(wanted.lifecycle_stage());
      return;
    case 3:
      spec.Given(name, Updated(ContactIn(name, ""), {"emails", "owner"}));
      contact.clear_emails();
      contact.clear_owner();
      return;
    default:
      spec.Given(name, Updated(wanted, {"display_name"}));
      contact.set_display_name(wanted.display_name());
      return;
  }
}

std::vector<std::string> Find(const projections::ViewSnapshot& directory,
                              const std::string& filter) {
  const auto page = ContactDirectory::Contacts().List(
      directory, WorkspaceId(1), {.filter = filter, .order_by = "display_name"});
  RC_ASSERT(page.ok());
  std::vector<std::string> names;
  for (const v1::Contact& contact : page->rows) names.push_back(contact.name());
  return names;
}

// The names of those the predicate accepts, ordered as the directory orders them.
template <class Predicate>
std::vector<std::string> Select(const Model& model, Predicate predicate) {
  std::vector<std::pair<std::string, std::string>> selected;
  for (const auto& [name, contact] : model) {
    if (predicate(contact)) selected.emplace_back(contact.display_name(), name);
  }
  std::sort(selected.begin(), selected.end());
  std::vector<std::string> names;
  for (const auto& [display_name, name] : selected) names.push_back(name);
  return names;
}

void ExpectSame(const projections::ViewSnapshot& directory, const Model& model) {
  RC_ASSERT(Find(directory, "") == Select(model, [](const auto&) { return true; }));
  for (const std::string address : kAddresses) {
    RC_ASSERT(Find(directory, absl::StrCat("email = \"", address, "\"")) ==
              Select(model, [&](const v1::Contact& contact) {
                return std::any_of(
                    contact.emails().begin(), contact.emails().end(),
                    [&](const v1::EmailAddress& email) { return email.address() == address; });
              }));
  }
  for (const std::string owner : {"users/1", "users/2"}) {
    RC_ASSERT(Find(directory, absl::StrCat("owner = \"", owner, "\" AND lifecycle_stage = LEAD")) ==
              Select(model, [&](const v1::Contact& contact) {
                return contact.owner() == owner && contact.lifecycle_stage() == v1::LEAD;
              }));
  }
}

TEST(DirectoryHistory, FindsWhomAFoldByHandFinds) {
  const bool held = testing::HoldsForHistories("the directory equals the model", [] {
    ViewSpec spec = ViewSpec::Of<ContactDirectory>().Takes<v1::ContactEvent>("contacts");
    Model model;
    testing::CompareWithModel(
        AnyStep(), spec, model, [&](const Step& step) { Take(step, spec, model); }, ExpectSame);
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace kith::contacts
