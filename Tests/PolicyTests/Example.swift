/// The example of the design's section 2, without the statements that are not built yet.
let exampleServer = """
  # ambit.policy
  origin  mesh.test
  listen  127.0.0.1:5300 [::1]:5300
  mode    enforce                           # or: observe (log what would be refused, refuse nothing)
  default allow                             # for services without allow lines; or: refuse
  deny-as refused                           # or nxdomain | nodata | drop; server, context or service

  context laptop { from 127.0.0.0/8 ::1; deny-as nxdomain; mode observe }
  context test   { from 10.20.0.0/16; listen 127.0.0.54:53 }
  context prod   { from 10.30.0.0/16; endpoints 10.40.0.0/16 }   # where its services live, if not in `from`
  context shard-a in prod { from 10.30.1.0/24 }
  context shard-b in prod { from 10.30.2.0/24 }

  isolate laptop test prod                  # callers in one never receive an endpoint of another
  isolate shard-a shard-b

  service web { runs-at 10.30.1.32/28 }
  service checkout
  service batch { runs-at 10.30.9.0/24 }
  """

let exampleOrders = """
  # orders.policy
  service orders {
      runs-at 10.30.1.16/28 10.30.2.16/28   # a caller from here *is* orders
      allow   web checkout                  # service names, context names, or *
      refuse  batch
  }

  expect from 10.30.1.5 orders A -> 10.30.1.17          # tests that live in the policy,
  expect from 10.30.1.5 batch-db -> refused isolate     # run at every load, before the swap
  """
