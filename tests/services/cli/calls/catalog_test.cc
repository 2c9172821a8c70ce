// The commands that the protos give rise to.
#include "services/cli/calls/catalog.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor_database.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "services/cli/calls/request.h"
#include "services/cli/commands/asked_columns.h"
#include "services/cli/commands/commands.h"
#include "services/cli/text/fields.h"
#include "services/cli/text/proto_comments.h"
#include "services/cli/text/render.h"
#include "tests/testing/golden_files.h"
#include "tests/testing/source_folder.h"

namespace kith::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string Tree(const Catalog& catalog) {
  std::ostringstream tree;
  for (const auto& [collection, methods] : catalog.collections()) {
    for (const Method& method : methods) {
      tree << collection << ' ' << method.verb;
      if (!method.positional.empty()) tree << " [" << method.positional << ']';
      for (const std::string& flag : FlagsOf(method)) tree << " --" << flag;
      if (method.stream != nullptr) tree << " (lines)";
      if (method.items != nullptr) tree << " (pages)";
      if (method.read != nullptr) tree << " (as of)";
      if (method.mutates()) tree << " (changes)";
      tree << '\n';
    }
  }
  return tree.str();
}

// People have these commands in scripts. A capability that is new adds lines; a line that goes or
// changes breaks them.
TEST(Catalog, HasTheCommandsOfTheGoldenTree) {
  const std::string path = testing::SourcePath("tests/services/cli/command_tree.txt");
  std::ifstream file(path);
  const std::string golden((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
  const std::string tree = Tree(Catalog::Linked());
  if (testing::UpdatingGolden()) return testing::WriteTextFile(path, tree);
  EXPECT_EQ(tree, golden) << "If that is meant, run this test with KITH_UPDATE_GOLDEN=1, which "
                             "writes what is there now, and commit it.";
}

TEST(Catalog, FindsNothingElse) {
  EXPECT_EQ(Catalog::Linked().Find("deals", "undo"), nullptr);
  EXPECT_EQ(Catalog::Linked().Find("dragons", "list"), nullptr);
  EXPECT_FALSE(Catalog::Linked().HasCollection("dragons"));
}

TEST(Catalog, TakesACapabilityThatItNeverSaw) {
  using google::protobuf::FileDescriptorProto;
  FileDescriptorProto proto;
  proto.set_name("kith/dragons/v1/dragons_service.proto");
  proto.set_package("kith.dragons.v1");
  proto.set_syntax("proto3");
  auto* request = proto.add_message_type();
  request->set_name("FeedDragonRequest");
  auto* name = request->add_field();
  name->set_name("name");
  name->set_number(1);
  name->set_type(google::protobuf::FieldDescriptorProto::TYPE_STRING);
  name->set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
  auto* service = proto.add_service();
  service->set_name("DragonsService");
  auto* feed = service->add_method();
  feed->set_name("FeedDragon");
  feed->set_input_type(".kith.dragons.v1.FeedDragonRequest");
  feed->set_output_type(".kith.dragons.v1.FeedDragonRequest");
  google::protobuf::DescriptorPool pool;
  const Catalog catalog({pool.BuildFile(proto)});
  const Method* method = catalog.Find("dragons", "feed-dragon");
  ASSERT_NE(method, nullptr);
  EXPECT_EQ(method->positional, "name");
  EXPECT_EQ(method->path, "/kith.dragons.v1.DragonsService/FeedDragon");
}

TEST(Help, NamesEveryCollectionAndEveryFlag) {
  std::ostringstream out;
  PrintHelp(Catalog::Linked(), out);
  for (const auto& [collection, methods] : Catalog::Linked().collections()) {
    EXPECT_NE(out.str().find(collection), std::string::npos) << collection;
  }
  std::ostringstream method_help;
  PrintMethodHelp(*Catalog::Linked().Find("deals", "lose"), method_help);
  EXPECT_NE(method_help.str().find("--reason PRICING|COMPETITION"), std::string::npos)
      << method_help.str();
}

// Every method of every service that a server has. A session is what carries calls, and no command.
TEST(Help, NamesEveryMethodOfEveryService) {
  std::vector<std::string> files;
  google::protobuf::DescriptorPool::internal_generated_database()->FindAllFileNames(&files);
  std::map<std::string, const Method*> methods;
  std::set<std::string> said;
  for (const auto& [collection, all] : Catalog::Linked().collections()) {
    std::ostringstream help;
    PrintCollectionHelp(Catalog::Linked(), collection, help);
    for (const Method& method : all) {
      const std::string words = absl::StrCat("kith ", collection, " ", method.verb, " ");
      EXPECT_THAT("\n" + help.str(), HasSubstr("\n" + words));
      EXPECT_TRUE(said.insert(words).second) << words << "is said twice: the second is never run";
      methods[method.path] = &method;
    }
  }
  int found = 0;
  for (const std::string& name : files) {
    if (!absl::StartsWith(name, "kith/")) continue;
    const auto* const file =
        google::protobuf::DescriptorPool::generated_pool()->FindFileByName(name);
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        const auto& method = *file->service(s)->method(m);
        if (method.name() == "RunSession") continue;
        ++found;
        EXPECT_TRUE(
            methods.count(absl::StrCat("/", file->service(s)->full_name(), "/", method.name())) > 0)
            << method.full_name();
      }
    }
  }
  EXPECT_GE(found, 500);
  std::ostringstream mails;
  PrintCollectionHelp(Catalog::Linked(), "received-mails", mails);
  EXPECT_THAT(mails.str(),
              HasSubstr("\nkith received-mails get-attachment NAME NUMBER [--output FILE]\n"
                        "        What is attached to a mail, as it was sent; NUMBER is 1 for the"));
  std::ostringstream all;
  PrintHelp(Catalog::Linked(), all);
  EXPECT_THAT(all.str(), HasSubstr("read-mail-attachment, list, get-attachment\n"));
}

TEST(Help, SaysWhatEveryFlagAndEveryMethodMeans) {
  for (const auto& [collection, methods] : Catalog::Linked().collections()) {
    for (const Method& method : methods) {
      EXPECT_NE(CommentOn(*method.descriptor), "") << method.path;
      for (const std::string& flag : FlagsOf(method)) {
        const auto* field = FindField(*method.descriptor->input_type(), FlagPath(method, flag));
        EXPECT_NE(CommentOn(*field), "") << method.path << " --" << flag;
      }
    }
  }
  std::ostringstream out;
  PrintMethodHelp(*Catalog::Linked().Find("deals", "win"), out);
  EXPECT_NE(out.str().find("\n  --request-id TEXT\n        Makes a retry safe.\n"),
            std::string::npos)
      << out.str();
}

TEST(Help, TellsTheWholeCommentOfOneMethodAndTheFirstSentenceInAList) {
  std::ostringstream one;
  PrintMethodHelp(*Catalog::Linked().Find("contacts", "list"), one);
  EXPECT_THAT(one.str(), StartsWith("kith contacts list [--field value]…\n\n"
                                    "Lists contacts. By words without a field, "));
  EXPECT_THAT(one.str(), HasSubstr("viewers, editors.\nCalls "));
  EXPECT_THAT(one.str(), HasSubstr("\n  --page-token TEXT\n"
                                   "        From the previous page; everything else must be as it "
                                   "was then. Pages show one\n"
                                   "        moment.\n"));
  std::ostringstream list;
  PrintCollectionHelp(Catalog::Linked(), "contacts", list);
  EXPECT_THAT(list.str(), HasSubstr("\n        Lists contacts.\nkith contacts update [NAME] "));
  EXPECT_THAT(list.str(), HasSubstr("kith contacts batch-get [NAMES]… [--field value]…\n"));
}

// Each is one that --columns takes.
TEST(Help, NamesTheColumnsOfEveryList) {
  int lists = 0;
  for (const auto& [collection, methods] : Catalog::Linked().collections()) {
    for (const Method& method : methods) {
      if (method.items == nullptr) continue;
      ++lists;
      std::ostringstream help;
      PrintMethodHelp(method, help);
      const std::string text = help.str();
      const std::string head = "--columns FIELD,FIELD.PART…\n        Of: ";
      const size_t begin = text.find(head);
      ASSERT_NE(begin, text.npos) << method.path;
      const google::protobuf::Descriptor& row = *method.items->message_type();
      std::vector<std::string> fields = absl::StrSplit(
          text.substr(begin + head.size(), text.find("\n  --csv", begin) - begin - head.size()),
          absl::ByAnyChar(", \n"), absl::SkipEmpty());
      // Those that the server is asked for stand behind the fields.
      for (const std::string& asked : AskedColumns(Catalog::Linked(), row)) {
        const auto found = std::find(fields.begin(), fields.end(), asked);
        ASSERT_NE(found, fields.end()) << method.path << ": " << asked;
        fields.erase(found);
      }
      const auto paths = ParsePaths(row, absl::StrJoin(fields, ","));
      EXPECT_TRUE(paths.ok()) << method.path << ": " << paths.status();
    }
  }
  EXPECT_GE(lists, 60);
}

TEST(Help, NamesTheFieldsOfWhatIsWrittenAsJson) {
  std::ostringstream out;
  PrintMethodHelp(*Catalog::Linked().Find("contacts", "create"), out);
  EXPECT_THAT(out.str(),
              HasSubstr("  --phones PhoneNumber as JSON  (repeat for several)\n"
                        "        Numbers to call.\n"
                        "        Its fields: raw (required), label, primary, opted_out\n"));
}

// Goal: what stands within what a field holds is told, each kind once, and it ends.
TEST(Help, NamesTheFieldsWithinWhatIsWrittenAsJson) {
  std::ostringstream out;
  PrintMethodHelp(*Catalog::Linked().Find("workflows", "create"), out);
  const std::string help = out.str();
  const size_t steps = help.find("\n  --steps WorkflowStep as JSON  (repeat for several)\n");
  ASSERT_NE(steps, help.npos) << help;
  const std::string of_steps = help.substr(steps + 1, help.find("\n  --", steps + 1) - steps);
  EXPECT_THAT(of_steps, HasSubstr("        Its fields: id (required), call, wait, branch, "));
  EXPECT_THAT(of_steps, HasSubstr("\n        branch: condition (required), otherwise, of\n"));
  EXPECT_THAT(of_steps, HasSubstr("\n        end: {}\n"));
  EXPECT_THAT(of_steps, HasSubstr("\n        await: resource (required), change, condition, "));
}

TEST(Help, ExplainsEachCommandThatIsNoMethod) {
  std::ostringstream all;
  PrintHelp(Catalog::Linked(), all);
  for (const std::string word :
       {"agenda", "board", "forecast", "timeline", "events", "import", "bench"}) {
    EXPECT_THAT(all.str(), HasSubstr("\n  kith " + word + " "));
    std::ostringstream out;
    EXPECT_TRUE(PrintCommandHelp(Catalog::Linked(), word, out)) << word;
    EXPECT_THAT(out.str(), StartsWith("kith " + word + " "));
    EXPECT_THAT(out.str(), HasSubstr("\n  --")) << word;
    EXPECT_THAT(out.str(), Not(HasSubstr("Collections and their verbs"))) << word;
  }
  std::ostringstream out;
  EXPECT_FALSE(PrintCommandHelp(Catalog::Linked(), "deals", out));
}

TEST(Help, SaysWhatALineOfItemsHolds) {
  std::ostringstream out;
  PrintMethodHelp(*Catalog::Linked().Find("interactions", "ingest"), out);
  EXPECT_NE(out.str().find("kith interactions ingest FILE"), std::string::npos) << out.str();
  EXPECT_NE(
      out.str().find("\n  parent contacts/{contact} or deals/{deal} or companies/{company} "
                     "or leads/{lead}  (required)\n        The contact, deal, company or lead "
                     "it belongs to.\n"),
      std::string::npos)
      << out.str();
}

TEST(FirstSentence, EndsWhereTheNextBegins) {
  EXPECT_EQ(FirstSentence("One line."), "One line.");
  EXPECT_EQ(FirstSentence("A sentence. And another."), "A sentence.");
  EXPECT_EQ(FirstSentence("Short, e.g. this one. The rest."), "Short, e.g. this one.");
  EXPECT_EQ(FirstSentence("\"users/x\"; empty for nobody"), "\"users/x\"; empty for nobody");
  EXPECT_EQ(FirstSentence(""), "");
}

}  // namespace
}  // namespace kith::cli
