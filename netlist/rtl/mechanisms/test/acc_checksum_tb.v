// Beside an array of two pixels and four channels that is computed here: blocks of random
// operands and weights, beginning with zero or with sums that are read back, with one or
// two byte passes. No alarm while all is right; an alarm for a wrong weight behind the
// sum, product or result, and none for a pixel that is not stored.
module acc_checksum_tb;
  localparam X = 2, D = 4;
  reg clk = 0, rst, fetch, operand, product_step, sum_step, sum_new, acc_first, acc_fresh, acc_commit, acc_last, store;
  reg [1:0] sum_shift;
  reg [X-1:0] store_mask;
  reg [D*72-1:0] wraw;
  reg [X*72-1:0] ifm;
  reg [X*D*40-1:0] accin, accout;
  wire raised, irq;
  integer block, token, tokens, kind, i, o, p, bad = 0;
  reg signed [39:0] acc [0:X*D-1];
  reg signed [39:0] sum [0:X*D-1];
  reg signed [39:0] dot;
  reg fresh;
  reg wide;
  always #1 clk = ~clk;
  acc_checksum #(.PIXELS(X), .CHANNELS(D)) dut (.clk(clk), .rst(rst), .fetch(fetch), .wraw(wraw), .operand(operand), .product_step(product_step),
    .ifm(ifm), .sum_step(sum_step), .sum_new(sum_new), .sum_shift(sum_shift), .acc_first(acc_first), .acc_fresh(acc_fresh),
    .acc_commit(acc_commit), .accin(accin), .acc_last(acc_last), .store(store), .store_mask(store_mask), .accout(accout),
    .others(1'b0), .raised(raised), .irq(irq));
  initial begin
    for (block = 0; block < 200; block = block + 1) begin
      kind = block % 5; // 0, 1: right; 2: a weight; 3: a result; 4: a result of a pixel that is not stored
      rst = 1; {fetch, operand, product_step, sum_step, acc_first, acc_fresh, acc_commit, acc_last, store} = 0;
      @(negedge clk) rst = 0;
      tokens = 2 + block % 7; fresh = block[1]; wide = block[2];
      for (i = 0; i < X * D; i = i + 1) begin
        accin[i*40+:40] = {$random, $random};
        acc[i] = fresh ? 40'd0 : accin[i*40+:40];
      end
      for (token = 0; token < tokens; token = token + 1) begin
        for (i = 0; i < D * 8; i = i + 1) wraw[i*9+:9] = $random;
        for (i = 0; i < X * 8; i = i + 1) ifm[i*9+:9] = $random;
        fetch = 1; @(negedge clk) fetch = 0;
        if (kind == 2 && token == 1) wraw[5*9+3] = ~wraw[5*9+3];
        operand = 1; @(negedge clk) operand = 0;
        product_step = 1; @(negedge clk) product_step = 0;
        sum_step = 1; sum_new = !(wide && token[0]); sum_shift = wide ? token[0] : 0;
        @(negedge clk) sum_step = 0;
        for (p = 0; p < X; p = p + 1)
          for (o = 0; o < D; o = o + 1) begin
            dot = 0;
            for (i = 0; i < 8; i = i + 1) dot = dot + $signed(ifm[(p*8+i)*9+:9]) * $signed(wraw[(o*8+i)*9+:9]);
            sum[p*D+o] = (sum_new ? 40'd0 : sum[p*D+o]) + (dot << (8 * sum_shift));
          end
        acc_first = token == 0; acc_fresh = fresh; acc_commit = !wide || token[0];
        if (acc_commit) for (i = 0; i < X * D; i = i + 1) acc[i] = acc[i] + sum[i];
        @(negedge clk) {acc_first, acc_fresh, acc_commit} = 0;
      end
      acc_last = 1; @(negedge clk) acc_last = 0;
      for (i = 0; i < X * D; i = i + 1) accout[i*40+:40] = acc[i];
      store_mask = kind == 4 ? 2'b10 : 2'b11;
      if (kind == 3 || kind == 4) accout[2*40+17] = ~accout[2*40+17];
      store = 1; @(negedge clk) store = 0;
      @(negedge clk) if (raised !== (kind == 2 || kind == 3)) bad = bad + 1;
      if (irq !== raised) bad = bad + 1;
    end
    if (bad == 0) $display("PASS"); else $display("FAIL %0d", bad);
    $finish;
  end
endmodule
