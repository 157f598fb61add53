"""How a study is carried out: a queue, workers, and what watches over them."""
