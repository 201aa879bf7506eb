#include "kernel/sessions.h"

#include <gtest/gtest.h>

#include "kernel/rules.h"

// What nft tells, as Debian 12's prints it.

namespace novip::kernel {

namespace {

constexpr const char* counters = R"(table inet novip_vm {
	counter sessions.0.0.1 {
		packets 3 bytes 180
	}
	counter in.0.0.1 {
		packets 12 bytes 18446744073709551615
	}
	counter somebody_elses {
		packets 1 bytes 2
	}
}
)";

constexpr const char* chains = R"(table inet firewall {
	chain of.1 {
	}
}
table inet novip_vm {
	chain of.1234 {
	}
	chain lead-in {
		type nat hook prerouting priority dstnat; policy accept;
	}
}
table inet novip_none {
}
)";

constexpr const char* names[] = {"",           "in",        "in.0.0",        "in.0.0.x",
                                 "in.0.0.1.2", "inn.0.0.1", "somebody_elses"};

}  // namespace

TEST(Listing, Counters) {
  EXPECT_EQ(parse_counters(counters),
            (std::vector<NamedCounter>{{"sessions.0.0.1", 3, 180},
                                       {"in.0.0.1", 12, 18446744073709551615U},
                                       {"somebody_elses", 1, 2}}));
  EXPECT_TRUE(parse_counters("").empty());
}

TEST(Listing, CounterNames) {
  const auto parsed = parse_counter_name("out.3.14.15");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->first, "out");
  EXPECT_EQ(parsed->second, (Path{3, 14, 15}));
  EXPECT_EQ(parse_counter_name(counter_name("sessions", {1, 2, 3}))->second, (Path{1, 2, 3}));
  for (const char* name : names) EXPECT_FALSE(parse_counter_name(name)) << name;
}

TEST(Listing, WhoseATableIs) {
  EXPECT_EQ(owner_of(chains, "novip_vm"), 1234);
  EXPECT_EQ(owner_of(chains, "novip_none"), 0);
  EXPECT_EQ(owner_of(chains, "novip_other"), std::nullopt);
  EXPECT_EQ(tables_of(chains), (std::vector<std::string>{"novip_vm", "novip_none"}));
}

TEST(Sessions, TrafficIsAddedUpOverTablesThatBeginAnew) {
  config::Config config;
  config.proxies.resize(1);
  config.proxies[0].servers.resize(2);
  cluster::Load load;
  cluster::WorkerCounters counted;
  cluster::fit(load, config);
  cluster::fit(counted, config);
  Sessions sessions(load, counted);
  const auto listing = [](int number, int bytes) {
    return "counter sessions.0.0.1 {\npackets " + std::to_string(number) +
           " bytes 9\n}\ncounter in.0.0.1 {\npackets 1 bytes " + std::to_string(bytes) +
           "\n}\ncounter out.0.0.7 {\npackets 1 bytes 1\n}\ncounter in.5.0.0 {\npackets 1 bytes "
           "1\n}\n";
  };
  sessions.count_traffic(listing(3, 1000));
  sessions.count_traffic(listing(4, 1500));
  sessions.count_traffic(listing(1, 100));  // from 0 again
  const auto& proxy = counted.proxies[0];
  EXPECT_EQ(proxy.servers[1].sessions.get(), 5u);
  EXPECT_EQ(proxy.frontend.sessions.get(), 5u);
  EXPECT_EQ(proxy.backend.totals.sessions.get(), 5u);
  EXPECT_EQ(proxy.servers[1].bytes_in.get(), 1600u);
  EXPECT_EQ(proxy.frontend.bytes_in.get(), 1600u);
  EXPECT_EQ(proxy.servers[1].bytes_out.get(), 0u);
  EXPECT_EQ(proxy.servers[0].sessions.get(), 0u);
}

TEST(Sessions, GaugesFollowWhoIsHeld) {
  config::Config config;
  config.proxies.resize(1);
  cluster::Load load;
  cluster::WorkerCounters counted;
  cluster::fit(load, config);
  cluster::fit(counted, config);
  {
    Sessions sessions(load, counted);
    sessions.count_held(0, 7);
    sessions.count_held(0, 5);
    EXPECT_EQ(load.proxies[0].held.now(), 5u);
    EXPECT_EQ(load.proxies[0].held.peak(), 7u);
  }
  EXPECT_EQ(load.proxies[0].held.now(), 0u);
}

}  // namespace novip::kernel
