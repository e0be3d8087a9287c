// The alarm comes after exactly as many clocks as the limit says, and not where the driver
// writes a new one in time.
module watchdog_tb;
  reg clk = 0, rst, write, armed;
  reg [31:0] limit;
  wire raised, irq;
  integer k, n, bad = 0;
  always #1 clk = ~clk;
  watchdog dut (.clk(clk), .rst(rst), .write(write), .limit(limit), .armed(armed), .others(1'b0), .raised(raised), .irq(irq));
  initial begin
    for (k = 2; k < 40; k = k + 1) begin
      rst = 1; write = 0; armed = 0; limit = k;
      @(negedge clk) rst = 0; write = 1;
      @(negedge clk) write = 0; armed = 1;
      for (n = 0; raised !== 1 && n < 100; n = n + 1) @(negedge clk);
      if (n != k || irq !== 1) bad = bad + 1;
      rst = 1; armed = 0;
      @(negedge clk) rst = 0; armed = 1; write = 1;
      for (n = 0; n < 100; n = n + 1) begin
        @(negedge clk) write = n % k == k - 1;
        if (raised !== 0) bad = bad + 1;
      end
    end
    if (bad == 0) $display("PASS"); else $display("FAIL %0d", bad);
    $finish;
  end
endmodule
