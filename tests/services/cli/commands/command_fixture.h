// CommandTest: commands as people give them, to a whole server whose clock stands still.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <regex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "services/cli/app.h"
#include "tests/testing/test_server.h"

namespace kith::cli {

class CommandTest : public ::testing::Test {
 protected:
  explicit CommandTest(std::function<void(runtime::ServerOptions&)> adjust = nullptr)
      : server_(nullptr, std::move(adjust)) {
    setenv("TZ", "UTC", 1);
  }

  // What the words print. -1: whatever their exit code is.
  std::string Output(std::vector<std::string> words, int expected = 0) {
    std::ostringstream out, err;
    words.insert(words.begin(),
                 {"--address", server_.address(), "--key", key_.empty() ? server_.secret() : key_});
    const int code = cli::Run(words, {.out = out,
                                      .err = err,
                                      .width = 150,
                                      .environment = [](const char*) { return std::nullopt; },
                                      .connect =
                                          [](const ClientOptions& options) {
                                            return std::make_unique<Client>(options);
                                          }});
    if (expected >= 0) {
      EXPECT_EQ(code, expected) << words.back() << ": " << err.str();
    }
    return out.str() + err.str();
  }
  // The same with "ID" for each id that was drawn.
  std::string Run(const std::vector<std::string>& words, int expected = 0) {
    static const std::regex ids("[0-7][0-9A-HJKMNP-TV-Z]{25}");
    return std::regex_replace(Output(words, expected), ids, "ID");
  }
  // The name of what the words create.
  std::string Create(std::vector<std::string> words) {
    words.push_back("--json");
    const std::string text = Output(words);
    std::smatch found;
    EXPECT_TRUE(std::regex_search(text, found, std::regex("\"name\": ?\"([^\"]+)\""))) << text;
    return found.size() < 2 ? "" : found[1].str();
  }

  testing::TestServer server_;
  std::string key_;  // of who gives the commands; empty: of who may do everything
};

}  // namespace kith::cli
