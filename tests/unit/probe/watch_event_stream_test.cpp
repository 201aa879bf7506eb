#include "probe/watch_event_stream.h"

#include <gtest/gtest.h>

namespace novip::probe {
namespace {

using Events = std::vector<std::string>;

Events events_of(std::string_view bytes, std::size_t piece) {
  EventStream stream(1000);
  Events all;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    auto events = stream.take(bytes.substr(0, piece));
    if (!events) return {"error: " + events.error().message};
    all.insert(all.end(), events->begin(), events->end());
  }
  return all;
}

TEST(EventStreamTest, AnEventEndsWithAnEmptyLine) {
  EventStream stream(1000);
  EXPECT_EQ(*stream.take("data: one\n"), Events{});
  EXPECT_EQ(*stream.take("\ndata: two\n\ndata: thr"), (Events{"one", "two"}));
  EXPECT_EQ(*stream.take("ee\n\n"), Events{"three"});
}

TEST(EventStreamTest, HoweverItIsCut) {
  const std::string_view bytes =
      ": hello\r\n\r\ndata: {\"a\":1}\r\n\r\ndata:b\r\rdata\n\nid: 7\nretry: 10\ndata:  c\ndata: "
      "d\n\n";
  const Events expected{"{\"a\":1}", "b", "", " c\nd"};
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece)
    EXPECT_EQ(events_of(bytes, piece), expected) << "in pieces of " << piece;
}

TEST(EventStreamTest, OnlyDataIsAnEvent) {
  EXPECT_EQ(events_of("\n\n\n: comment\n\nevent: x\n\ndatum: 1\n\n data: 2\n\n", 5), Events{});
}

TEST(EventStreamTest, WhatIsTooLongIsAnError) {
  EventStream line(100);
  EXPECT_TRUE(line.take(std::string(100, 'x')));
  EXPECT_FALSE(line.take("x"));
  EventStream event(100);
  EXPECT_TRUE(event.take("data: " + std::string(60, 'x') + "\n"));
  EXPECT_FALSE(event.take("data: " + std::string(60, 'x') + "\n"));
  EventStream many(100);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(many.take("data: " + std::string(60, 'x') + "\n\n"));
}

}  // namespace
}  // namespace novip::probe
