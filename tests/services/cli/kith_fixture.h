// KithTest: the whole program against a server inside the test that keeps no rules: words in, text
// and exit code out.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "services/cli/app.h"
#include "tests/services/cli/fake_server.h"
#include "tests/testing/temp_folder.h"

namespace kith::cli {

class KithTest : public ::testing::Test {
 protected:
  int Run(const std::vector<std::string>& words) {
    out_.str("");
    err_.str("");
    return cli::Run(words, {.out = out_,
                            .err = err_,
                            .environment =
                                [this](const char* name) {
                                  const auto found = environment_.find(name);
                                  return found == environment_.end()
                                             ? std::nullopt
                                             : std::optional<std::string>(found->second);
                                },
                            .connect =
                                [this](const ClientOptions& options) {
                                  asked_ = options;
                                  return std::make_unique<Client>(options, server_.NewChannel());
                                }});
  }
  std::string out() const { return out_.str(); }
  std::string err() const { return err_.str(); }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  std::string Read(const std::string& name) {
    std::ifstream file(folder_ / name);
    return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  }

  FakeServer server_;
  ClientOptions asked_;  // for, last
  testing::TempFolder folder_;
  std::map<std::string, std::string> environment_;

 private:
  std::ostringstream out_;
  std::ostringstream err_;
};

}  // namespace kith::cli
