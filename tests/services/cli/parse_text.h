// Messages from their text form, for expectations.
#pragma once

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <string>

namespace kith::cli {

template <class Message>
Message FromText(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

// Passes when `message` is a Message that equals the text.
template <class Message>
testing::AssertionResult EqualsText(const google::protobuf::Message& message,
                                    const std::string& text) {
  std::string difference;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&difference);
  if (differencer.Compare(FromText<Message>(text), message)) return testing::AssertionSuccess();
  return testing::AssertionFailure() << difference << message.DebugString();
}

}  // namespace kith::cli
