// Every single flip of a stored bit or parity bit raises the alarm when the element is
// read, no undisturbed read does, and a pair of neighbours is seen where groups alternate.
module parity_group_tb;
  reg clk = 0, rst, load, read;
  reg [69:0] d, q;
  reg [69:0] flip;
  wire run32, run8, turns, always_on;
  wire [3:0] irq;
  integer k, bad = 0, seen_run = 0, seen_turns = 0;
  always #1 clk = ~clk;
  parity_group #(.WIDTH(70), .GROUP(32)) a (.clk(clk), .rst(rst), .load(load), .d(d), .q(q ^ flip), .read(read), .others(1'b0), .raised(run32), .irq(irq[0]));
  parity_group #(.WIDTH(70), .GROUP(8)) b (.clk(clk), .rst(rst), .load(load), .d(d), .q(q ^ flip), .read(read), .others(1'b0), .raised(run8), .irq(irq[1]));
  parity_group #(.WIDTH(70), .GROUP(32), .INTERLEAVE(2)) c (.clk(clk), .rst(rst), .load(load), .d(d), .q(q ^ flip), .read(read), .others(1'b0), .raised(turns), .irq(irq[2]));
  parity_group #(.WIDTH(70), .GROUP(16), .GATED(0)) e (.clk(clk), .rst(rst), .load(load), .d(d), .q(q ^ flip), .read(1'b0), .others(1'b0), .raised(always_on), .irq(irq[3]));
  always @(posedge clk) if (load) q <= d;
  task try(input [69:0] what, input use_it);
    begin
      rst = 1; load = 1; read = 0; flip = 0;
      d = {$random, $random, $random};
      @(negedge clk) @(negedge clk) rst = 0; load = 0; flip = what; read = use_it; d = ~d;
      @(negedge clk) flip = 0; read = 0;
      @(negedge clk);
    end
  endtask
  initial begin
    for (k = 0; k < 70; k = k + 1) begin
      try(70'd1 << k, 1'b1);
      if ({run32, run8, turns, always_on, irq} !== 8'hff) bad = bad + 1;
      try(70'd1 << k, 1'b0); // not read: only the one that always compares sees it
      if ({run32, run8, turns, always_on} !== 4'b0001) bad = bad + 1;
      try(70'd0, 1'b1);
      if ({run32, run8, turns, always_on, irq} !== 8'h00) bad = bad + 1;
      if (k < 69) begin
        try(70'd3 << k, 1'b1);
        seen_run = seen_run + run32;
        seen_turns = seen_turns + turns;
      end
    end
    // Runs of 70 bits in three groups have two borders, which a pair can lie across.
    if (seen_run !== 2 || seen_turns !== 69) bad = bad + 1;
    if (bad == 0) $display("PASS"); else $display("FAIL %0d", bad);
    $finish;
  end
endmodule
